import { describe, expect, it } from 'vitest';
import { createFailureDescription } from '../../../../src/ci/bitbucket/failure.ts';

const CALL = {
  host: 'api.bitbucket.org',
  connection: 'bit',
  anonymous: false,
  what: 'the pipelines of acme/shop',
  permission: 'pipeline',
};

function describeFor(
  signsIn: Parameters<typeof createFailureDescription>[0],
  status: number,
  data: unknown = '',
) {
  const call = { ...CALL, anonymous: signsIn === 'as nobody' };
  return createFailureDescription(signsIn)({ status, headers: {}, data }, call, 0);
}

describe('a failure of Bitbucket Cloud', () => {
  it('names the scope in the words of both kinds of tokens', () => {
    expect(describeFor('by an access token', 403)).toEqual({
      kind: 'denied',
      host: 'api.bitbucket.org',
      message:
        'api.bitbucket.org denies the pipelines of acme/shop to connection "bit": it needs the scope "pipeline" (access token) or "read:pipeline:bitbucket" (API token)',
    });
  });

  it('names the same scope where a 404 may hide a repository', () => {
    expect(describeFor('by an access token', 404).message).toContain(
      'may read it ("pipeline" (access token) or "read:pipeline:bitbucket" (API token))',
    );
  });

  it('says that an API token needs a username', () => {
    expect(describeFor('by an access token', 401).message).toBe(
      'api.bitbucket.org does not accept the token of connection "bit": an access token may have expired, and an API token needs username as well',
    );
  });

  it('asks for a token where there is none', () => {
    expect(describeFor('as nobody', 401).message).toContain('give connection "bit" a token');
    expect(describeFor('as nobody', 403).message).toContain('without credentials');
  });

  it('waits a minute after a rate limit in plain text that names no time', () => {
    expect(describeFor('as a user', 429, 'Rate limit for this resource has been exceeded')).toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 60_000,
    });
  });

  it('shows nothing of the response', () => {
    const data = { type: 'error', error: { message: 'token sesame' } };
    for (const status of [400, 401, 403, 404, 410, 429, 500]) {
      expect(describeFor('as a user', status, data).message).not.toContain('sesame');
    }
  });
});
