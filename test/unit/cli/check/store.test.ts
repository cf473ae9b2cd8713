import { describe, expect, test } from 'vitest';
import { describeStore } from '../../../../src/cli/check/store.ts';
import type { StoreSettings } from '../../../../src/store/settings.ts';
import { ConfigError } from '../../../../src/errors.ts';

const SQLITE: StoreSettings = { kind: 'sqlite', path: 'greenpin.db', forgetAfterMs: 1 };
const REDIS: StoreSettings = { kind: 'redis', url: 'redis://bot@redis:6379/1', forgetAfterMs: 1 };

test.each<[StoreSettings, 'found' | 'empty', string, string]>([
  [{ kind: 'memory' }, 'found', '', 'last good answers are lost on restart'],
  [SQLITE, 'found', 'greenpin.db', 'readable and writable'],
  [SQLITE, 'empty', 'greenpin.db', 'does not exist yet; serve will create it'],
  [REDIS, 'found', 'redis:6379', 'reachable and writable'],
])('%j (%s) is ok', (settings, seen, target, detail) => {
  expect(describeStore(settings, seen)).toEqual({
    level: 'ok',
    subject: `store ${settings.kind}`,
    target,
    detail: expect.stringContaining(detail),
  });
});

test('a refused file is reported with its own message, without the key', () => {
  const error = new ConfigError(['store.path: found X at "greenpin.db", expected Y']);
  expect(describeStore(SQLITE, error)).toMatchObject({
    level: 'failed',
    target: 'greenpin.db',
    detail: 'found X at "greenpin.db", expected Y',
    hint: expect.stringContaining('tested as the current user'),
  });
});

describe('a failing server has a hint', () => {
  test.each([
    ['WRONGPASS', 'store.passwordFile'],
    ['NOAUTH', 'store.passwordFile'],
    ['NOPERM', 'greenpin:*'],
    ['READONLY', 'replica'],
    ['OOM', 'maxmemory'],
    ['MOVED', 'cluster'],
    ['ECONNREFUSED', 'host and port'],
    ['no answer in time', 'rediss://'],
  ])('%s: %s', (reason, hint) => {
    expect(describeStore(REDIS, new Error(`Redis at redis:6379: ${reason}`))).toMatchObject({
      level: 'failed',
      detail: `Redis at redis:6379: ${reason}`,
      hint: expect.stringContaining(hint),
    });
  });
});
