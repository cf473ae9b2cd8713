/** The page about the architecture names every part of the sources, and only files that exist. */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage, ROOT } from './pages.ts';

const SOURCE = join(ROOT, 'src');
const { text } = readPage('docs/development/architecture.md');
const named = [...text.matchAll(/`([a-z-]+(?:\/[a-z-]+)*(?:\.ts|\/))`/g)].map(([, path = '']) => path);

test('it names every folder and file directly below src', () => {
  const parts = globSync('*', { cwd: SOURCE, withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? `${entry.name}/` : entry.name,
  );
  expect(parts.filter((part) => !named.includes(part))).toEqual([]);
});

test('every file that it names exists', () => {
  const missing = named.filter((path) => !existsSync(join(path.startsWith('test/') ? ROOT : SOURCE, path)));
  expect(missing).toEqual([]);
});
