/** Sign-in, sign-in pages, versions, limits. */
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../../fixtures/azure-devops/data.ts';
import { NOW, serve, TOKEN } from '../../../fixtures/azure-devops/connect.ts';
import { failureOf } from '../../../fixtures/github/connect.ts';

const HTML = { 'content-type': 'text/html; charset=utf-8' };
const PAGE = '<html><head><title>Azure DevOps Services | Sign In</title></head></html>';

describe('a connection signs in', () => {
  it('with a personal access token by Basic, without a user', async () => {
    const { server, provider } = await serve();
    await provider.fetchRuns(REPOSITORY);
    const expected = `Basic ${Buffer.from(`:${TOKEN}`).toString('base64')}`;
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([expected, expected]);
    server.verify();
  });

  it('with an access token of Entra as Bearer', async () => {
    const secret = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln';
    const { server, provider } = await serve({ secret, entraToken: secret });
    await provider.fetchRuns(REPOSITORY);
    expect(server.requests.map(({ headers }) => headers.authorization)).toContain(`Bearer ${secret}`);
  });

  it('not with a token that no header can carry', async () => {
    const { provider, server } = await serve({ secret: 'sesame\u00a0open' });
    expect((await failureOf(provider.fetchRuns(REPOSITORY))).message).toContain('holds a character');
    expect(server.requests).toEqual([]);
  });

  it('with the version that the oldest supported server has', async () => {
    const { server, provider } = await serve({ version: 6 });
    await provider.fetchRuns(REPOSITORY);
    expect(server.requests.every(({ url }) => /[?&]api-version=6\.0(?:&|$)/.test(url))).toBe(true);
    server.verify();
  });
});

describe('a sign-in page means that the token is not accepted', () => {
  const message =
    'answers with its sign-in page: the token of connection "azure" is wrong, expired or revoked, or is not for this organization';

  it.each([
    ['203', { status: 203, headers: HTML, body: PAGE }],
    ['200', { status: 200, headers: HTML, body: PAGE }],
    [
      'a redirect to the identity service',
      redirect('https://spsprodeus2.vssps.visualstudio.com/_signin?x=1'),
    ],
    ['a redirect within the server', redirect('/tfs/_signin?reply_to=x')],
    ['a redirect to Entra', redirect('https://login.microsoftonline.com/common/oauth2/authorize?x=1')],
  ])('with the status %s', async (_name, answer) => {
    const { server, provider, gitHost, statuses } = await serve();
    server.fault({ kind: 'status', ...answer });
    for (const call of [
      provider.fetchRuns(REPOSITORY),
      gitHost.fetchPullRequest(REPOSITORY, '1'),
      statuses.fetchStatuses(REPOSITORY, 'a'.repeat(40)),
    ]) {
      const failure = await failureOf(call);
      expect(failure.kind).toBe('denied');
      expect(failure.message).toContain(message);
    }
    expect(server.requests.every(({ url }) => !url.includes('_signin'))).toBe(true);
  });

  it('or that there is none', async () => {
    const { provider } = await serve({ secret: null });
    expect(await failureOf(provider.fetchRuns(REPOSITORY))).toMatchObject({
      kind: 'denied',
      message: expect.stringContaining('answers with its sign-in page: give connection "azure" a token'),
    });
  });
});

function redirect(location: string) {
  return { status: 302, headers: { location } };
}

describe('a failure says what to do', () => {
  it('about a server that is too old', async () => {
    const { provider } = await serve({ version: 5.1 });
    expect(await failureOf(provider.probe(REPOSITORY))).toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('connection "azure" needs Azure DevOps Server 2020 or newer'),
    });
  });

  it('about an organization that does not exist', async () => {
    const { provider } = await serve();
    expect(await failureOf(provider.probe('other/Shop Floor/front end'))).toMatchObject({
      kind: 'not_found',
      message: expect.stringContaining("check the organization or collection in the project's repository"),
    });
  });

  it('about a project that is hidden', async () => {
    const { provider } = await serve();
    expect(await failureOf(provider.probe('acme/other/front end'))).toMatchObject({
      kind: 'not_found',
      message: expect.stringContaining('or hides it from connection "azure"'),
    });
  });

  it('about a page that is no API', async () => {
    const { server, provider } = await serve();
    server.fault({ kind: 'status', status: 200, headers: HTML, body: '<title>Our wiki</title>' });
    expect((await failureOf(provider.probe(REPOSITORY))).message).toContain('check the url of connection');
  });
});

describe('the limits of a user', () => {
  const limits = { 'x-ratelimit-limit': '200', 'x-ratelimit-remaining': '12.75' };

  it('are shown near the limit, in units, until the server says that they end', async () => {
    const { server, provider, observer } = await serve({ now: () => NOW + 60_000 });
    const headers = { ...limits, 'x-ratelimit-reset': String(NOW / 1000 + 180) };
    server.fault({ kind: 'alter', headers });
    await provider.fetchRuns(REPOSITORY);
    // The server's clock is a minute ahead.
    expect(observer.quota).toHaveBeenCalledWith('azure', 12, 200, NOW + 120_000);
  });

  it.each([
    ['without limits', {}, [0, 200, NOW + 30_000]],
    ['with limits', limits, [0, 200, NOW + 30_000]],
  ])('count as used up while a delayed answer asks for a pause, %s', async (_name, headers, quota) => {
    const { server, provider, observer } = await serve();
    server.fault({ kind: 'alter', headers: { ...headers, 'retry-after': '30', 'x-ratelimit-delay': '2.5' } });
    await expect(provider.fetchRuns(REPOSITORY)).resolves.toMatchObject({ runs: [] });
    expect(observer.quota).toHaveBeenLastCalledWith('azure', ...quota);
  });

  it.each([
    ['no reset', {}, 600_000],
    ['an absurd reset', { 'x-ratelimit-reset': '99999999999' }, 600_000],
    ['a reset in the past', { 'x-ratelimit-reset': '5' }, 0],
  ])('with %s end in plausible time', async (_name, reset, wait) => {
    const { server, provider, observer } = await serve();
    server.fault({ kind: 'alter', headers: { ...limits, ...reset, date: new Date(NOW).toUTCString() } });
    await provider.fetchRuns(REPOSITORY);
    expect(observer.quota).toHaveBeenLastCalledWith('azure', 12, 200, NOW + wait);
  });

  it('are not used up because an outage asks for a pause', async () => {
    const { server, provider, observer } = await serve();
    server.fault({ kind: 'status', status: 503, headers: { 'retry-after': '30' } });
    expect((await failureOf(provider.fetchRuns(REPOSITORY))).kind).toBe('unavailable');
    expect(observer.quota).not.toHaveBeenCalled();
  });

  it('are not read from odd headers', async () => {
    const { server, provider, observer } = await serve();
    server.fault({ kind: 'alter', headers: { 'x-ratelimit-limit': 'many', 'x-ratelimit-remaining': '-1' } });
    await provider.fetchRuns(REPOSITORY);
    expect(observer.quota).not.toHaveBeenCalled();
  });

  it('pause the connection after a 429 whose body is plain text', async () => {
    const { server, provider } = await serve();
    server.fault({
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '17' },
      body: 'TF400733: blocked',
    });
    expect(await failureOf(provider.fetchRuns(REPOSITORY))).toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 17_000,
    });
  });
});
