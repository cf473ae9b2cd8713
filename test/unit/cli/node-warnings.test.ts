import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { redirectNodeWarnings } from '../../../src/cli/node-warnings.ts';

/** Like `process`, with Node.js' own listener on it or not. */
function createSource(byDefault: boolean) {
  const printed: Error[] = [];
  const told: string[] = [];
  const source = new EventEmitter();
  if (byDefault) source.on('warning', (warning: Error) => printed.push(warning));
  redirectNodeWarnings(source as never, (message) => told.push(message));
  return {
    printed,
    told,
    source,
    warn: (name: string, message: string) =>
      source.emit('warning', Object.assign(new Error(message), { name })),
  };
}

test('a warning is told in one sentence, and no longer printed', () => {
  const { warn, told, printed } = createSource(true);
  warn('DeprecationWarning', 'this is old');
  warn('ExperimentalWarning', 'Something else is an experimental feature');
  expect(told).toEqual([
    'Node.js warns: DeprecationWarning: this is old',
    'Node.js warns: ExperimentalWarning: Something else is an experimental feature',
  ]);
  expect(printed).toEqual([]);
});

test('that SQLite is experimental in Node.js 22 is no news', () => {
  const { warn, told } = createSource(true);
  warn('ExperimentalWarning', 'SQLite is an experimental feature and might change at any time');
  expect(told).toEqual([]);
});

test('where warnings are switched off they stay so', () => {
  const { warn, told } = createSource(false);
  warn('DeprecationWarning', 'this is old');
  expect(told).toEqual([]);
});

test('who takes over later is told alone', () => {
  const { source, warn, told } = createSource(true);
  const later: string[] = [];
  redirectNodeWarnings(source as never, (message) => later.push(message));
  warn('DeprecationWarning', 'this is old');
  expect([told, later]).toEqual([[], ['Node.js warns: DeprecationWarning: this is old']]);
});
