import { describe, expect, it } from 'vitest';
import { readCircleciQuota } from '../../../../src/ci/circleci/quota.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function read(headers: Record<string, string>) {
  return readCircleciQuota({ status: 200, headers, data: undefined }, NOW);
}

describe("CircleCI's rate limit", () => {
  it.each([
    ['as an early draft wrote it', { ratelimit: 'limit=51, remaining=50, reset=2' }],
    [
      'with a policy of its own',
      { ratelimit: '"default";r=50;t=2', 'ratelimit-policy': '"default";q=51;w=1' },
    ],
    ['with an unnamed policy', { ratelimit: 'remaining=50, reset=2', 'ratelimit-policy': '51;w=1' }],
    ['as API v2 has it', { 'ratelimit-limit': '51', 'ratelimit-remaining': '50', 'ratelimit-reset': '2' }],
  ])('is read %s', (_form, headers) => {
    expect(read(headers)).toEqual({ remaining: 50, limit: 51, resetsAt: NOW + 2000 });
  });

  it('has no known end if the response names none', () => {
    expect(read({ ratelimit: 'limit=51, remaining=50' })?.resetsAt).toBe(Infinity);
  });

  it.each([[{}], [{ ratelimit: 'nonsense' }], [{ ratelimit: 'limit=51' }]])('is unknown in %j', (headers) => {
    expect(read(headers)).toBeUndefined();
  });
});
