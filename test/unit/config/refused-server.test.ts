import { describe, expect, it } from 'vitest';
import { refusals } from '../../fixtures/config/configurations.ts';

const DURATION = 'expected a duration with its unit (ms, s, m, h or d), for example 15s';
const ADDRESS = 'expected a host name or an IP address to listen on, for example 0.0.0.0 or ::1';

describe('addresses', () => {
  it.each([
    [
      'management: {port: 4355}',
      '3:14 management.port: found 4355, the port of the server, expected another one',
    ],
    [
      'server: {port: 9464, host: 127.0.0.1}',
      '1:1 management.port: found 9464, the port of the server, expected another one',
    ],
    [
      'server: {port: "4355"}',
      '3:10 server.port: found "4355", expected a port from 0 to 65535, where 0 lets the system choose',
    ],
    [
      'server: {port: 65536}',
      '3:10 server.port: found 65536, expected a port from 0 to 65535, where 0 lets the system choose',
    ],
    [
      'management: {port: -1}',
      '3:14 management.port: found -1, expected a port from 0 to 65535, where 0 lets the system choose',
    ],
    [
      'management: {port: 80.5}',
      '3:14 management.port: found 80.5, expected a port from 0 to 65535, where 0 lets the system choose',
    ],
    [
      'server: {host: "http://0.0.0.0"}',
      `3:10 server.host: found "http://0.0.0.0", ${ADDRESS}; did you mean 0.0.0.0?`,
    ],
    [
      'server: {host: "0.0.0.0:4355"}',
      `3:10 server.host: found "0.0.0.0:4355", ${ADDRESS}; did you mean 0.0.0.0?`,
    ],
    ['server: {host: "[::1]"}', `3:10 server.host: found "[::1]", ${ADDRESS}; did you mean ::1?`],
    ['server: {host: "[::]:4355"}', `3:10 server.host: found "[::]:4355", ${ADDRESS}; did you mean ::?`],
    ['management: {host: "*"}', `3:14 management.host: found "*", ${ADDRESS}`],
    ['server: 4355', '3:1 server: found 4355, expected a mapping'],
    ['server:', '3:1 server: found an empty value, expected a mapping'],
  ])('%s', (line, problem) => {
    expect(refusals(line)).toEqual([problem]);
  });

  it.each([
    'server: {port: 0}\nmanagement: {port: 0}',
    'server: {port: 80, host: 127.0.0.1}\nmanagement: {port: 80, host: 127.0.0.2}',
    'server: {host: "::"}',
    'server: {host: "fe80::1"}\nmanagement: {host: localhost}',
    'server: {host: "::ffff:10.0.0.1"}',
  ])('that are different, or up to the system, are accepted: %j', (lines) => {
    expect(refusals(lines)).toEqual([]);
  });
});

describe('durations', () => {
  it.each([
    ['freshFor: 15', `3:1 freshFor: found 15, ${DURATION}`],
    ['freshFor: fast', `3:1 freshFor: found "fast", ${DURATION}`],
    ['maxFreshFor: 5min', `3:1 maxFreshFor: found "5min", ${DURATION}`],
    ['maxFreshFor: [5m]', `3:1 maxFreshFor: found a list, ${DURATION}`],
    ['freshFor: 6m', '3:1 freshFor: found "6m", expected at most maxFreshFor (5m unless given)'],
    [
      'freshFor: 15s\nmaxFreshFor: 10s',
      '3:1 freshFor: found "15s", expected at most maxFreshFor (5m unless given)',
    ],
    ['maxFreshFor: 25h', '3:1 maxFreshFor: found "25h", expected at most 24h'],
    ['server: {deadline: 999ms}', '3:10 server.deadline: found "999ms", expected from 1s to 1h'],
    ['server: {deadline: 2h}', '3:10 server.deadline: found "2h", expected from 1s to 1h'],
    [
      'server: {patience: 21s}',
      '3:10 server.patience: found "21s", expected at most server.deadline (20s unless given)',
    ],
    [
      'server: {deadline: 5s, patience: 5001ms}',
      '3:24 server.patience: found "5001ms", expected at most server.deadline (5s)',
    ],
    ['server: {patience: 2}', `3:10 server.patience: found 2, ${DURATION}`],
    ['server: {deadline: 20}', `3:10 server.deadline: found 20, ${DURATION}`],
  ])('%s', (line, problem) => {
    expect(refusals(line)).toEqual([problem]);
  });

  it('that are equal to their limits are accepted', () => {
    expect(refusals('freshFor: 24h\nmaxFreshFor: 24h\nserver: {deadline: 1s}')).toEqual([]);
    expect(refusals('freshFor: 0s')).toEqual([]);
    expect(refusals('server: {deadline: 5s, patience: 5s}')).toEqual([]);
    expect(refusals('server: {patience: 0s}')).toEqual([]);
  });
});

describe('the store', () => {
  const url =
    'redis://HOST:PORT or, with TLS, rediss://HOST:PORT, without a password (see passwordFile), for example redis://redis:6379/0';
  it.each([
    ['store: {kind: sqllite}', '3:9 store.kind: found "sqllite", expected sqlite, redis or memory'],
    ['store: {path: x}', '3:1 store.kind: found nothing, expected sqlite, redis or memory'],
    ['store: memory', '3:1 store: found "memory", expected a mapping'],
    ['store: {kind: memory, path: x}', '3:23 store.path: found an unknown key, expected one of kind'],
    [
      'store: {kind: sqlite, path: ~/greenpin.db}',
      '3:23 store.path: found "~/greenpin.db", expected the path of a file, for example ./greenpin.db',
    ],
    [
      'store: {kind: sqlite, path: ":memory:"}',
      '3:23 store.path: found ":memory:", expected the path of a file, for example ./greenpin.db',
    ],
    ['store: {kind: sqlite, forgetAfter: 30}', `3:23 store.forgetAfter: found 30, ${DURATION}`],
    ['store: {kind: sqlite, forgetAfter: 23h}', '3:23 store.forgetAfter: found "23h", expected at least 1d'],
    ['store: {kind: redis}', `3:1 store.url: found nothing, expected ${url}`],
    ['store: {kind: redis, url: "redis:6379"}', `3:22 store.url: found "redis:6379", expected ${url}`],
    [
      'store: {kind: redis, url: "redis://:hunter2@redis:6379"}',
      `3:22 store.url: found "***@redis:6379", expected ${url}`,
    ],
    [
      'store: {kind: redis, url: "redis://bot:hunter2@redis:6379"}',
      `3:22 store.url: found "***@redis:6379", expected ${url}`,
    ],
    [
      'store: {kind: redis, url: "redis://redis", password: hunter2}',
      '3:44 store.password: found a secret in the file, expected passwordFile or passwordEnv: the file only says where a secret is',
    ],
    [
      'store: {kind: redis, url: "redis://redis", passwordFile: x, passwordEnv: REDIS_PASSWORD}',
      '3:1 store: found passwordFile and passwordEnv, expected at most one of passwordFile, passwordEnv',
      '3:61 store.passwordEnv: found that the environment variable REDIS_PASSWORD is not set, expected it to contain the secret (export REDIS_PASSWORD=...)',
    ],
  ])('%s', (line, ...problems) => {
    expect(refusals(line)).toEqual(problems);
  });

  it.each([
    'store: {kind: memory}',
    'store: {kind: sqlite}',
    'store: {kind: sqlite, path: /var/lib/greenpin/greenpin.db, forgetAfter: 1d}',
    'store: {kind: redis, url: redis://127.0.0.1, passwordFile: ./password}',
    'store: {kind: redis, url: "rediss://greenpin@redis.example.com:6380/1", forgetAfter: 365d}',
    'store: {kind: redis, url: "redis://[::1]:6379/0"}',
  ])('%s is accepted', (line) => {
    expect(refusals(line)).toEqual([]);
  });
});
