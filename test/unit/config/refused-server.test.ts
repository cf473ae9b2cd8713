import { describe, expect, it } from 'vitest';
import { refusals } from './configurations.ts';

const DURATION = 'expected a duration with its unit (ms, s, m, h or d), for example 15s';

describe('addresses', () => {
  it.each([
    [
      'management: {port: 4355}',
      "3:14 management.port: found 4355, the server's own port, expected another one",
    ],
    [
      'server: {port: 9464, host: 127.0.0.1}',
      "1:1 management.port: found 9464, the server's own port, expected another one",
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
      '3:10 server.host: found "http://0.0.0.0", expected a host name or an IP address to listen on, for example 0.0.0.0',
    ],
    ['server: 4355', '3:1 server: found 4355, expected a mapping'],
    ['server:', '3:1 server: found an empty value, expected a mapping'],
  ])('%s', (line, problem) => {
    expect(refusals(line)).toEqual([problem]);
  });

  it.each([
    'server: {port: 0}\nmanagement: {port: 0}',
    'server: {port: 80, host: 127.0.0.1}\nmanagement: {port: 80, host: 127.0.0.2}',
    'server: {host: "::"}',
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
    ['server: {deadline: 20}', `3:10 server.deadline: found 20, ${DURATION}`],
  ])('%s', (line, problem) => {
    expect(refusals(line)).toEqual([problem]);
  });

  it('that are equal to their limits are accepted', () => {
    expect(refusals('freshFor: 24h\nmaxFreshFor: 24h\nserver: {deadline: 1s}')).toEqual([]);
    expect(refusals('freshFor: 0s')).toEqual([]);
  });
});

describe('the store', () => {
  const expected =
    'expected memory: this version keeps last good answers in memory only; write store: {kind: memory}, or leave store out';
  it.each([
    [
      'store: {kind: sqlite, path: ./greenpin.db, forgetAfter: 30d}',
      `3:9 store.kind: found "sqlite", ${expected}`,
    ],
    ['store: {kind: redis, url: "redis://:hunter2@redis"}', `3:9 store.kind: found "redis", ${expected}`],
    ['store: {path: x}', `3:1 store.kind: found nothing, ${expected}`],
    ['store: memory', '3:1 store: found "memory", expected a mapping'],
  ])('%s', (line, problem) => {
    expect(refusals(line)).toEqual([problem]);
  });
});
