import { describe, expect, it } from 'vitest';
import { createQuotaReader } from '../../../../src/ci/bitbucket/quota.ts';

const MINUTE = 60_000;
const NOW = 29_455_200 * MINUTE;

function answer(headers: Record<string, string> = {}) {
  return { status: 200, headers, data: {} };
}

describe('the quota of Bitbucket Cloud', () => {
  it('is 1,000 calls an hour, and 60 without credentials', () => {
    expect(createQuotaReader(false)(answer(), NOW)).toMatchObject({ limit: 1000, remaining: 999 });
    expect(createQuotaReader(true)(answer(), NOW)).toMatchObject({ limit: 60, remaining: 59 });
  });

  it('is the limit of the workspace where that is reported', () => {
    const headers = { 'x-ratelimit-limit': '2500', 'x-ratelimit-nearlimit': 'false' };
    expect(createQuotaReader(false)(answer(headers), NOW)).toMatchObject({ limit: 2500, remaining: 2499 });
  });

  it('is nearly used up when Bitbucket says so, whoever used it', () => {
    const headers = { 'x-ratelimit-limit': '1000', 'x-ratelimit-nearlimit': 'true' };
    expect(createQuotaReader(false)(answer(headers), NOW)).toMatchObject({ remaining: 100 });
  });

  it('comes back an hour after each call', () => {
    const read = createQuotaReader(false);
    for (let i = 0; i < 10; i++) read(answer(), NOW);
    expect(read(answer(), NOW + 59 * MINUTE).remaining).toBe(989);
    expect(read(answer(), NOW + 60 * MINUTE).remaining).toBe(998);
  });

  it('is never negative, and survives a clock that goes back', () => {
    const read = createQuotaReader(true);
    for (let i = 0; i < 100; i++) read(answer(), NOW);
    expect(read(answer(), NOW).remaining).toBe(0);
    expect(read(answer(), NOW - 5 * MINUTE).remaining).toBe(59);
  });
});
