import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { explainOldNode } from '../../../src/cli/node-version.ts';

test.each(['22.19.0', '22.20.1', '24.0.0', '100.1.0'])('Node.js %s is new enough', (version) => {
  expect(explainOldNode(version, '>=22.19')).toBeUndefined();
});

test.each(['0.12.0', '8.17.0', '20.20.2', '22.2.0', '22.18.0'])('Node.js %s is too old', (version) => {
  expect(explainOldNode(version, '>=22.19')).toBe(
    `greenpin needs Node.js 22.19 or newer; this is ${version}`,
  );
});

test('the running one is new enough for package.json, whose form is understood', () => {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { engines } = JSON.parse(text) as { engines: { node: string } };
  expect(engines.node).toMatch(/^>=\d+\.\d+$/);
  expect(explainOldNode(process.versions.node, engines.node)).toBeUndefined();
});

function imports(file: string): string[] {
  return readFileSync(new URL(`../../../src/${file}`, import.meta.url), 'utf8').match(/^import .*$/gm) ?? [];
}

test('what is loaded before the check is loaded by every Node.js: no import of what only newer ones have', () => {
  expect(imports('main.ts')).toEqual([
    "import { readFileSync } from 'node:fs';",
    "import { explainOldNode } from './cli/node-version.ts';",
  ]);
  expect(imports('cli/node-version.ts')).toEqual([]);
});
