import { describe, expect, it } from 'vitest';
import { describeGitLabFailure, readGitLabQuota } from '../../../../src/ci/gitlab/failure.ts';
import type { ApiResponse } from '../../../../src/upstream/json-api.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const SECOND = 1000;
const CALL = {
  host: 'gitlab.test',
  connection: 'lab',
  anonymous: false,
  what: 'the pipelines of acme/shop',
  permission: 'the scope read_api and at least the role Reporter',
};

function respond(status: number, headers: ApiResponse['headers'] = {}, data: unknown = ''): ApiResponse {
  return { status, headers, data };
}

describe('a rate limit', () => {
  it('is understood though its body is plain text', () => {
    const response = respond(429, { 'retry-after': '17' }, 'Retry later\n');
    expect(describeGitLabFailure(response, CALL, NOW)).toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 17 * SECOND,
    });
  });

  it("ends at RateLimit-Reset, by GitLab's clock, if there is no Retry-After", () => {
    const clock = NOW + 500 * SECOND;
    const headers = {
      date: new Date(clock).toUTCString(),
      'ratelimit-reset': String(clock / SECOND + 40),
    };
    expect(describeGitLabFailure(respond(429, headers), CALL, NOW)).toMatchObject({
      retryAfterMs: 40 * SECOND,
    });
  });

  it('lasts a minute if nothing plausible says when it ends', () => {
    const headers = { 'ratelimit-reset': '99999999999' };
    expect(describeGitLabFailure(respond(429, headers), CALL, NOW)).toMatchObject({
      retryAfterMs: 60 * SECOND,
    });
  });
});

describe('a denial', () => {
  it('names the scope that the token lacks', () => {
    const data = { error: 'insufficient_scope', scope: 'api read_api' };
    expect(describeGitLabFailure(respond(403, {}, data), CALL, NOW).message).toBe(
      'gitlab.test denies the pipelines of acme/shop to connection "lab": it needs the scope read_api',
    );
  });

  it('names the role for a project whose pipelines are hidden', () => {
    const { message } = describeGitLabFailure(respond(403, {}, { message: '403 Forbidden' }), CALL, NOW);
    expect(message).toContain('at least the role Reporter');
  });

  it('may look like an unknown project', () => {
    const response = respond(404, {}, { message: '404 Project Not Found' });
    expect(describeGitLabFailure(response, CALL, NOW)).toMatchObject({
      kind: 'not_found',
      message: expect.stringContaining('or hides it from connection "lab"'),
    });
  });
});

describe('the quota', () => {
  it('is read from the RateLimit headers', () => {
    const headers = {
      'ratelimit-limit': '2000',
      'ratelimit-remaining': '1999',
      'ratelimit-reset': String(NOW / SECOND + 60),
    };
    expect(readGitLabQuota(respond(200, headers), NOW)).toEqual({
      limit: 2000,
      remaining: 1999,
      resetsAt: NOW + 60 * SECOND,
    });
  });

  it('is unknown where GitLab sets no limit', () => {
    expect(readGitLabQuota(respond(200), NOW)).toBeUndefined();
  });

  it('is renewed at an unknown time if the reset is missing', () => {
    const headers = { 'ratelimit-limit': '2000', 'ratelimit-remaining': '3' };
    expect(readGitLabQuota(respond(200, headers), NOW)).toEqual({
      limit: 2000,
      remaining: 3,
      resetsAt: Infinity,
    });
  });
});
