/** The tables of containerd's own tests (compare_test.go, TestOnly), and in which order it prefers what runs. */
import { describe, expect, it } from 'vitest';
import { rankPlatform } from '../../../../src/registry/manifest/match-platform.ts';
import { parsePlatform } from '../../../../src/image/platform.ts';

const ARM = ['linux/arm', 'linux/arm/v5', 'linux/arm/v6', 'linux/arm/v7', 'linux/arm/v8'];
const v8To = (minor: number) =>
  ['', ...count(minor).map((n) => `/v8.${n}`)].map((variant) => `linux/arm64${variant}`);
const v9To = (minor: number) =>
  ['/v9', ...count(minor).map((n) => `/v9.${n}`)].map((variant) => `linux/arm64${variant}`);
const NEVER = ['linux/arm/v4', 'linux/mips64', 'windows/arm', 'linux/arm64/v8.10', 'freebsd/arm64'];

function count(to: number): number[] {
  return Array.from({ length: to }, (_, i) => i + 1);
}

const rows: readonly [asked: string, runs: readonly string[], not: readonly string[]][] = [
  ['linux/amd64', ['linux/amd64', 'linux/386'], ['linux/amd64/v2', 'linux/arm/v7', 'linux/arm64']],
  [
    'linux/amd64/v2',
    ['linux/amd64', 'linux/amd64/v1', 'linux/amd64/v2', 'linux/386'],
    ['linux/amd64/v3', 'linux/arm64'],
  ],
  ['linux/386', ['linux/386', 'linux/i386'], ['linux/amd64', 'linux/arm64']],
  ['linux/arm/v8', ARM, ['linux/amd64', 'linux/arm64']],
  ['linux/arm/v7', ARM.slice(0, 4), ['linux/arm/v8', 'linux/arm64', 'linux/amd64']],
  ['linux/arm', ARM.slice(0, 4), ['linux/arm/v8', 'linux/arm64']],
  [
    'linux/arm/v6',
    ['linux/arm/v5', 'linux/arm/v6', 'linux/armel'],
    ['linux/arm', 'linux/arm/v7', 'linux/arm64'],
  ],
  ['linux/arm/v5', ['linux/arm/v5'], ['linux/arm', 'linux/arm/v6']],
  [
    'linux/arm64',
    [...ARM, ...v8To(0), 'linux/arm64/v8', 'linux/aarch64'],
    ['linux/arm/v9', 'linux/arm64/v9', 'linux/arm64/v8.1', 'linux/amd64'],
  ],
  ['linux/arm64/v8.1', [...ARM, ...v8To(1)], ['linux/arm64/v9', 'linux/arm64/v8.2']],
  [
    'linux/arm64/v9',
    [...ARM, ...v8To(5), ...v9To(0), 'linux/arm64/v9.0'],
    ['linux/arm64/v8.6', 'linux/arm64/v9.1'],
  ],
  ['linux/arm64/v9.6', [...ARM, ...v8To(9), ...v9To(6)], ['linux/arm64/v9.7', 'linux/amd64']],
  ['linux/arm64/v10', ['linux/arm64/v10'], ['linux/arm64', 'linux/arm/v7']],
  ['linux/s390x', [], ['linux/amd64']],
  ['windows/amd64', ['windows/amd64'], ['linux/amd64']],
  ['macos/arm64', ['darwin/arm64', 'darwin/arm64/v8'], ['linux/arm64']],
];

describe.each(rows)('%s', (asked, runs, not) => {
  it.each([asked, ...runs])('runs %s', (offered) => {
    expect(rankPlatform(parsePlatform(asked), parsePlatform(offered))).toBeTypeOf('number');
  });

  it.each([...not, ...NEVER])('does not run %s', (offered) => {
    expect(rankPlatform(parsePlatform(asked), parsePlatform(offered))).toBeUndefined();
  });
});

it.each([
  ['linux/amd64/v3', ['linux/amd64/v3', 'linux/amd64/v2', 'linux/amd64', 'linux/386']],
  ['linux/arm', ['linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5']],
  [
    'linux/arm64/v9.1',
    ['linux/arm64/v9.1', 'linux/arm64/v9', 'linux/arm64/v8.6', 'linux/arm64', 'linux/arm/v8', 'linux/arm/v7'],
  ],
])('%s prefers the nearest', (asked, order) => {
  const rank = (offered: string) => rankPlatform(parsePlatform(asked), parsePlatform(offered)) ?? Infinity;
  expect(order.toReversed().toSorted((one, other) => rank(one) - rank(other))).toEqual(order);
  expect(rank(asked)).toBe(0);
});
