/** Every link within the repository has a target, and every page in docs/ is linked. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { findAnchors, findLinks, readPages, ROOT, type Page } from './pages.ts';

const pages = readPages();
const anchors = new Map(pages.map((page) => [page.path, findAnchors(page)]));
const EXTERNAL = /^(?:https?|mailto):/;

/** @returns the target of a link within the repository, with its anchor after `#` */
function resolveLink(page: Page, link: string): string {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page.path : normalize(join(dirname(page.path), path));
  return anchor === undefined ? target : `${target}#${anchor}`;
}

function isBroken(target: string): boolean {
  const [path = '', anchor] = target.split('#');
  if (!existsSync(join(ROOT, path))) return true;
  return anchor !== undefined && anchors.get(path)?.includes(anchor) !== true;
}

describe.for(pages)('$path', (page) => {
  const internal = findLinks(page).filter((link) => !EXTERNAL.test(link));

  it('links to what is there', () => {
    expect(internal.filter((link) => isBroken(resolveLink(page, link)))).toEqual([]);
  });
});

test('every page of docs/ is in its index', () => {
  const index = pages.find(({ path }) => path === 'docs/README.md');
  const linked = new Set(index && findLinks(index).map((link) => resolveLink(index, link).split('#')[0]));
  const documents = pages.map(({ path }) => path).filter((path) => path.startsWith('docs/'));
  expect(documents.filter((path) => path !== index?.path && !linked.has(path))).toEqual([]);
});

test('README.md stays short', () => {
  const readme = pages.find(({ path }) => path === 'README.md');
  expect(Buffer.byteLength(readme?.text ?? '')).toBeLessThanOrEqual(10_000);
});
