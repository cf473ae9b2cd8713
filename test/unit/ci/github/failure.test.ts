import { describe, expect, it } from 'vitest';
import { describeGitHubFailure } from '../../../../src/ci/github/failure.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const RESET = String(NOW / 1000 + 600);
const ASKED = {
  host: 'api.github.com',
  connection: 'hub',
  anonymous: false,
  what: 'the workflow runs of acme/shop',
  permission: '"Actions: read"',
};

function failure(status: number, headers: Record<string, string> = {}, data: unknown = {}, asked = {}) {
  return describeGitHubFailure({ status, headers, data }, { ...ASKED, ...asked }, NOW);
}

describe("GitHub's refusals", () => {
  it('tell of a token that is not accepted', () => {
    expect(failure(401)).toEqual({
      kind: 'denied',
      host: 'api.github.com',
      message:
        'api.github.com does not accept the token of connection "hub": it is wrong, expired or revoked',
    });
  });

  it('tell which permission is missing', () => {
    expect(failure(403)).toEqual({
      kind: 'denied',
      host: 'api.github.com',
      message:
        'api.github.com denies the workflow runs of acme/shop to connection "hub": it needs "Actions: read" (fine-grained token or App), or the scope repo (classic token)',
    });
  });

  it('tell of a token that the organization has not been told of', () => {
    const sso = { 'x-github-sso': 'required; url=https://github.com/orgs/acme/sso?authorization_request=A1' };
    expect(failure(403, sso).message).toBe(
      'api.github.com denies the workflow runs of acme/shop: authorize the token of connection "hub" for the organization\'s single sign-on',
    );
  });

  it.each([
    ['api.github.com', 'https://github.com/orgs/acme/sso?authorization_request=A1', true],
    ['api.acme.ghe.com', 'https://acme.ghe.com/orgs/acme/sso', true],
    ['github.corp:8443', 'https://github.corp/orgs/acme/sso', true],
    ['api.github.com', 'https://github.com.evil.example/sso', false],
    ['api.github.com', 'https://evil.example/github.com', false],
    ['api.github.com', 'https://user@github.com/sso', false],
    ['api.github.com', 'http://github.com/sso', false],
    ['api.github.com', 'javascript:alert(1)', false],
    ['api.github.com', 'https://github.com/\u001b[31m', false],
    ['api.github.com', '', false],
  ])("name the page for that, of %s, where it is GitHub's own: %s", (host, url, isNamed) => {
    const sso = failure(403, { 'x-github-sso': `required; url=${url}` }, {}, { host });
    expect(sso.remedyUrl).toBe(isNamed ? url : undefined);
    expect(sso.message).toContain('single sign-on');
    expect(sso.message).not.toContain('http');
  });

  it.each([401, 403])('ask for a token when %i met a connection that has none', (status) => {
    const { kind, message } = failure(status, {}, {}, { anonymous: true });
    expect(kind).toBe('denied');
    expect(message).toContain('give connection "hub" a token');
  });

  it('tell that a 404 may mean hidden', () => {
    expect(failure(404)).toEqual({
      kind: 'not_found',
      host: 'api.github.com',
      message:
        'api.github.com does not know the workflow runs of acme/shop, or hides it from connection "hub": check the project\'s repository, and that the connection\'s credentials may read it ("Actions: read")',
    });
  });

  it.each([500, 502, 503, 504, 599])('take %i as unavailable', (status) => {
    const message = `api.github.com cannot answer now (${status})`;
    expect(failure(status)).toEqual({ kind: 'unavailable', host: 'api.github.com', message });
  });

  it('pass the wait of a 503 on', () => {
    expect(failure(503, { 'retry-after': '7' }).retryAfterMs).toBe(7000);
  });

  it.each([201, 202, 204, 302, 304, 400, 410, 418, 422])('take %i as malformed', (status) => {
    expect(failure(status).kind).toBe('malformed');
  });
});

describe("GitHub's rate limits", () => {
  const limits: [string, number, Record<string, string>, unknown, number][] = [
    [
      'a 403 with nothing remaining',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': RESET },
      {},
      600_000,
    ],
    [
      'a 429 with nothing remaining',
      429,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': RESET },
      {},
      600_000,
    ],
    ['a 403 with retry-after', 403, { 'retry-after': '30' }, {}, 30_000],
    ['a 429 with retry-after', 429, { 'retry-after': '30', 'x-ratelimit-remaining': '9' }, {}, 30_000],
    ['a retry-after that is a date', 429, { 'retry-after': 'Thu, 01 Jan 2026 00:02:00 GMT' }, {}, 120_000],
    ['a 429 without any header', 429, {}, {}, 60_000],
    ['a retry-after that is nonsense', 429, { 'retry-after': 'soon' }, {}, 60_000],
    ['a reset that is missing', 403, { 'x-ratelimit-remaining': '0' }, {}, 60_000],
    [
      'a secondary limit that names no time',
      403,
      { 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': RESET },
      { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' },
      60_000,
    ],
    ['a reset that is past', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '5' }, {}, 1_000],
    ['a wait beyond reason', 429, { 'retry-after': '1000000000000' }, {}, 300_000],
    ['a date beyond reason', 429, { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, {}, 300_000],
    [
      'a reset that lies further off than any window ends',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 86_400) },
      {},
      60_000,
    ],
  ];

  it.each(limits)('are known by %s', (_name, status, headers, data, retryAfterMs) => {
    expect(failure(status, headers, data)).toEqual({
      kind: 'rate_limited',
      host: 'api.github.com',
      message: 'api.github.com limits the rate of connection "hub"',
      retryAfterMs,
    });
  });

  it.each([
    ['ten minutes behind', 600],
    ['a day behind', 86_400],
    ['a day ahead', -86_400],
  ])('end when they end by the clock of GitHub, though ours is %s', (_name, behind) => {
    const theirs = NOW / 1000 + behind;
    const date = new Date(theirs * 1000).toUTCString();
    const reset = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(theirs + 900), date };
    expect(failure(403, reset).retryAfterMs).toBe(900_000);
    const until = { 'retry-after': new Date((theirs + 120) * 1000).toUTCString(), date };
    expect(failure(429, until).retryAfterMs).toBe(120_000);
    expect(failure(503, until).retryAfterMs).toBe(120_000);
    expect(failure(429, { 'retry-after': '30', date }).retryAfterMs).toBe(30_000);
  });

  it('are explained to a connection without credentials', () => {
    expect(failure(429, {}, {}, { anonymous: true }).message).toBe(
      'api.github.com limits the rate of connection "hub"; without credentials GitHub allows 60 calls an hour, so give it a token',
    );
  });

  it('are not seen in a denial that has calls remaining', () => {
    const headers = { 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': RESET };
    const data = { message: 'Resource not accessible by personal access token' };
    expect(failure(403, headers, data).kind).toBe('denied');
  });
});
