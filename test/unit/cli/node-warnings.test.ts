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

test('a warning is reported in one sentence, and not printed by Node.js', () => {
  const { warn, told, printed } = createSource(true);
  warn('DeprecationWarning', 'this is old');
  warn('ExperimentalWarning', 'Something else is an experimental feature');
  expect(told).toEqual([
    'Node.js warns: DeprecationWarning: this is old',
    'Node.js warns: ExperimentalWarning: Something else is an experimental feature',
  ]);
  expect(printed).toEqual([]);
});

test('the warning that SQLite is experimental in Node.js 22 is dropped', () => {
  const { warn, told } = createSource(true);
  warn('ExperimentalWarning', 'SQLite is an experimental feature and might change at any time');
  expect(told).toEqual([]);
});

test('disabled warnings stay disabled', () => {
  const { warn, told } = createSource(false);
  warn('DeprecationWarning', 'this is old');
  expect(told).toEqual([]);
});

test('a later listener replaces the previous one', () => {
  const { source, warn, told } = createSource(true);
  const later: string[] = [];
  redirectNodeWarnings(source as never, (message) => later.push(message));
  warn('DeprecationWarning', 'this is old');
  expect([told, later]).toEqual([[], ['Node.js warns: DeprecationWarning: this is old']]);
});
