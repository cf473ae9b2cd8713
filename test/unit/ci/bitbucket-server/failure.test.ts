import { describe, expect, it } from 'vitest';
import { describeBitbucketServerFailure } from '../../../../src/ci/bitbucket-server/failure.ts';
import { readQuota } from '../../../../src/ci/bitbucket-server/quota.ts';

const CALL = {
  host: 'bitbucket.example.com',
  connection: 'bit',
  anonymous: false,
  what: 'the pull requests of SHOP/front',
  permission: '"Repository read"',
};

function describeFor(status: number, exception?: string, headers: Record<string, string> = {}) {
  const errors = [
    { context: null, message: 'sesame', exceptionName: `com.atlassian.bitbucket.${exception}` },
  ];
  const data = exception === undefined ? '<html>sesame</html>' : { errors };
  return describeBitbucketServerFailure({ status, headers, data }, CALL, 0);
}

function read(headers: Record<string, string>) {
  return readQuota({ status: 200, headers, data: {} }, 1000);
}

describe('a failure of Bitbucket Data Center', () => {
  it('names the permission if a valid token may not read: that is a 401, too', () => {
    expect(describeFor(401, 'AuthorisationException')).toEqual({
      kind: 'denied',
      host: 'bitbucket.example.com',
      message:
        'bitbucket.example.com denies the pull requests of SHOP/front to connection "bit": its token is wrong or expired, or lacks "Repository read"',
    });
  });

  it('names the token if it is not accepted', () => {
    const { message } = describeFor(401, 'auth.IncorrectPasswordAuthenticationException');
    expect(message).toContain('does not accept the token of connection "bit"');
  });

  it('is an unknown repository only if the API says so', () => {
    expect(describeFor(404, 'repository.NoSuchRepositoryException').kind).toBe('not_found');
    expect(describeFor(404).kind).toBe('malformed');
  });

  it('waits as long as the server asks', () => {
    expect(describeFor(429, 'RequestRateLimitedException', { 'retry-after': '5' })).toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 5000,
    });
  });

  it('shows nothing of the response', () => {
    for (const status of [400, 401, 403, 404, 409, 429, 500]) {
      expect(describeFor(status, 'XException').message).not.toContain('sesame');
      expect(describeFor(status).message).not.toContain('sesame');
    }
  });
});

describe('the token bucket', () => {
  it('is full again when all used tokens have come back', () => {
    const headers = {
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '10',
      'x-ratelimit-interval-seconds': '1',
      'x-ratelimit-fillrate': '5',
    };
    expect(read(headers)).toEqual({ remaining: 10, limit: 60, resetsAt: 11_000 });
  });

  it.each([
    {},
    { 'x-ratelimit-limit': '60' },
    { 'x-ratelimit-limit': 'many', 'x-ratelimit-remaining': '10' },
    { 'x-ratelimit-limit': '0', 'x-ratelimit-remaining': '0' },
  ])('is unknown if the server does not limit, or says something odd: %o', (headers) => {
    expect(read(headers)).toBeUndefined();
  });

  it('is full at an unknown time if the rate is missing', () => {
    expect(read({ 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '10' })).toMatchObject({
      resetsAt: Infinity,
    });
  });
});
