import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createCommandRuntime } from '../../../src/cli/command-runtime.ts';

test('warnings are written at the end, once each, unless the result already contains them', () => {
  const stderr = new PassThrough();
  const runtime = createCommandRuntime({ env: {}, stderr } as never);
  runtime.warn('config.json is no JSON');
  runtime.warn('credHelpers are not run');
  runtime.warn('credHelpers are not run');
  expect(stderr.read()).toBeNull();
  runtime.flushWarnings(['r.test/a was not asked for: config.json is no JSON', 'another reason']);
  expect(String(stderr.read())).toBe('greenpin: credHelpers are not run\n');
});
