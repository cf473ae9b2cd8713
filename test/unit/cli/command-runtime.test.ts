import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createCommandWorld } from '../../../src/cli/command-runtime.ts';

test('what there is to warn of is told at the end, once, and not when the result has told it already', () => {
  const stderr = new PassThrough();
  const world = createCommandWorld({ env: {}, stderr } as never);
  world.warn('config.json is no JSON');
  world.warn('credHelpers are not run');
  world.warn('credHelpers are not run');
  expect(stderr.read()).toBeNull();
  world.tellWarnings(['r.test/a was not asked for: config.json is no JSON', 'another reason']);
  expect(String(stderr.read())).toBe('greenpin: credHelpers are not run\n');
});
