/** Files, folders and keys that pages name exist in the sources. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { readPage, ROOT } from './pages.ts';

const SOURCE = join(ROOT, 'src');

describe('the page about the architecture', () => {
  const { text } = readPage('docs/development/architecture.md');
  const named = [...text.matchAll(/`([a-z-]+(?:\/[a-z-]+)*(?:\.ts|\/))`/g)].map(([, path = '']) => path);

  it('names every folder and file directly below src', () => {
    const parts = globSync('*', { cwd: SOURCE, withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `${entry.name}/` : entry.name,
    );
    expect(parts.filter((part) => !named.includes(part))).toEqual([]);
  });

  it('names only files that exist', () => {
    const missing = named.filter((path) => !existsSync(join(path.startsWith('test/') ? ROOT : SOURCE, path)));
    expect(missing).toEqual([]);
  });
});

test('the page about the run index names every file of its folder, and no other', () => {
  const { text } = readPage('docs/development/run-index.md');
  const table = text.slice(text.indexOf('## Parts'), text.indexOf('## A refresh'));
  const named = [...table.matchAll(/`([a-z-]+\.ts)`/g)].map(([, name = '']) => name);
  expect(named.toSorted()).toEqual(globSync('*', { cwd: join(SOURCE, 'runs') }).toSorted());
});

test("SECURITY.md names Redis' keys as the sources do", () => {
  const files = ['store/redis/archive.ts', 'replicas/redis-channel.ts'];
  const sources = files.map((file) => readFileSync(join(SOURCE, file), 'utf8')).join('\n');
  const keys = [...readPage('SECURITY.md').text.matchAll(/`(greenpin:1:[a-z-]+:)\*`/g)];
  expect(keys.length).toBeGreaterThan(2);
  expect(keys.filter(([, key = '']) => !sources.includes(`'${key}'`))).toEqual([]);
});
