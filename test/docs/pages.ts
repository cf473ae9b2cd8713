/** The Markdown pages of the repository, with their blocks, headings and links. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export interface Block {
  /** `README.md:12`, for messages. */
  readonly place: string;
  readonly language: string;
  readonly text: string;
  /** Content of the HTML comment on the line above the fence, for example `file: greenpin.yaml`. */
  readonly note: string | undefined;
}

export interface Page {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

const FENCE = /^(?:<!-- (.+?) -->\n+)?^( *)```([a-z]*)\n([\s\S]*?)^\2```$/gm;
const HEADING = /^#{1,6} (.+)$/gm;
const LINK = /\]\(([^()\s]+)\)|(?:src|srcset|href)="([^"]+)"/g;

/** All pages that users and contributors read. */
export function readPages(): readonly Page[] {
  const paths = globSync(['*.md', 'docs/**/*.md', 'charts/*/*.md'], { cwd: ROOT });
  return paths.toSorted().map((path) => readPage(path));
}

export function readPage(path: string): Page {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const blocks = [...text.matchAll(FENCE)].map(([, note, indent = '', language = '', body = ''], i, all) => ({
    place: `${path}:${text.slice(0, all[i]?.index).split('\n').length}`,
    language,
    text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    note,
  }));
  return { path, text, blocks };
}

/** Targets of links and images, as written. */
export function findLinks({ text }: Page): string[] {
  return [...withoutBlocks(text).matchAll(LINK)].map(([, link, attribute]) => link ?? attribute ?? '');
}

/** Anchors that GitHub gives to headings: https://github.com/gjtorikian/html-pipeline, toc_filter.rb */
export function findAnchors({ text }: Page): string[] {
  const seen = new Map<string, number>();
  return [...withoutBlocks(text).matchAll(HEADING)].map(([, heading = '']) => {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

function withoutBlocks(text: string): string {
  return text.replaceAll(FENCE, '');
}
