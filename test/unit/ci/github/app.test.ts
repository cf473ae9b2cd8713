import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FakeGitHub } from '../../../fixtures/github/fake-github.ts';
import { connect, failureOf, NOW, serve, type ConnectOptions } from '../../../fixtures/github/connect.ts';

const INSTALLATION = '4711';

function createKey(type: 'pkcs1' | 'pkcs8' = 'pkcs1') {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type, format: 'pem' },
  });
}

/** As GitHub hands them out. */
const KEY = createKey();
const OTHER_KEY = createKey();

/** A server with an App installed, and a connection as that App. */
async function install(appId: string, token: string, key = KEY, options: ConnectOptions = {}) {
  const installation = { appId, id: INSTALLATION, publicKey: key.publicKey };
  const now = options.now ?? (() => NOW);
  const github = await serve({ token, installation, now });
  const auth = {
    kind: 'app',
    id: appId,
    installationId: INSTALLATION,
    readPrivateKey: () => key.privateKey,
  } as const;
  return { github, auth, ...connect(github.url, { auth, ...options }) };
}

function tokenRequests({ requests }: FakeGitHub) {
  return requests.filter(({ method }) => method === 'POST').length;
}

describe('a connection as a GitHub App', () => {
  it('exchanges its signature for a token, which it uses until it is renewed at 80% of its life', async () => {
    let now = NOW;
    const { github, provider } = await install('1', 'installation-token', KEY, { now: () => now });
    await provider.fetchRuns('acme/shop');
    now += 47 * 60_000;
    await provider.fetchRuns('acme/shop');
    expect(github.requests.map(({ method, url }) => `${method} ${url.split('?')[0]}`)).toEqual([
      `POST /app/installations/${INSTALLATION}/access_tokens`,
      'GET /repos/acme/shop/actions/runs',
      'GET /repos/acme/shop/actions/runs',
    ]);
    now += 60_000;
    await provider.fetchRuns('acme/shop');
    expect(tokenRequests(github)).toBe(2);
    github.verify();
  });

  it('does not believe that a token lives longer than an hour', async () => {
    let now = NOW;
    const installation = { appId: '1', id: INSTALLATION, publicKey: KEY.publicKey };
    const github = await serve({ token: 't', installation, now: () => NOW + 1e11 });
    const readPrivateKey = () => KEY.privateKey;
    const auth = { kind: 'app', id: '1', installationId: INSTALLATION, readPrivateKey } as const;
    const { provider } = connect(github.url, { auth, now: () => now });
    await provider.fetchRuns('acme/shop');
    now += 3_600_000;
    await provider.fetchRuns('acme/shop');
    expect(tokenRequests(github)).toBe(2);
  });

  it('asks for one token when many calls begin at once', async () => {
    const { github, provider } = await install('1', 'installation-token');
    await Promise.all(Array.from({ length: 5 }, () => provider.fetchRuns('acme/shop')));
    expect(tokenRequests(github)).toBe(1);
  });

  it('does not use a refused token again', async () => {
    const { github, provider } = await install('1', 'installation-token');
    await provider.fetchRuns('acme/shop');
    github.fault({ kind: 'status', status: 401 }, { times: 1 });
    expect((await failureOf(provider.fetchRuns('acme/shop'))).kind).toBe('denied');
    await provider.fetchRuns('acme/shop');
    expect(tokenRequests(github)).toBe(2);
  });

  it('does not count the call for a token against the quota of the runs', async () => {
    const { observer, provider } = await install('1', 'installation-token');
    await provider.fetchRuns('acme/shop');
    expect(observer.quota).toHaveBeenCalledTimes(1);
    expect(observer.requested).toHaveBeenCalledTimes(2);
  });

  it('reads its key again for each new token', async () => {
    let key = OTHER_KEY;
    const { github } = await install('1', 'installation-token');
    const readPrivateKey = () => key.privateKey;
    const auth = { kind: 'app', id: '1', installationId: INSTALLATION, readPrivateKey } as const;
    const { provider, host } = connect(github.url, { auth });
    expect(await failureOf(provider.fetchRuns('acme/shop'))).toEqual({
      kind: 'denied',
      host,
      message: `${host} does not accept the GitHub App of connection "hub": its id or private key is wrong, or this machine's clock is`,
    });
    key = KEY;
    expect(await provider.fetchRuns('acme/shop')).toHaveProperty('runs');
  });

  it('takes a key in PKCS#8, with Windows line ends', async () => {
    const pkcs8 = createKey('pkcs8');
    const { github, auth } = await install('1', 'installation-token', pkcs8);
    const readPrivateKey = () => pkcs8.privateKey.replaceAll('\n', '\r\n');
    const { provider } = connect(github.url, { auth: { ...auth, readPrivateKey } });
    expect(await provider.fetchRuns('acme/shop')).toHaveProperty('runs');
  });

  const ec = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

  it.each([
    [
      'no PEM',
      'hello',
      "the GitHub App's private key file holds no PEM private key; download a new one from the App's settings",
    ],
    [
      'a public key',
      KEY.publicKey,
      "the GitHub App's private key file holds a public key, not the private one; download a new one from the App's settings",
    ],
    [
      'half a key',
      KEY.privateKey.slice(0, 600),
      "the GitHub App's private key file holds no PEM private key; download a new one from the App's settings",
    ],
    [
      'a key that is not RSA',
      ec.privateKey,
      "the GitHub App's private key is not an RSA key; download a new one from the App's settings",
    ],
  ])('is denied in one clear line when the key file holds %s', async (_name, pem, message) => {
    const { github, auth } = await install('1', 'installation-token');
    const { provider } = connect(github.url, { auth: { ...auth, readPrivateKey: () => pem } });
    expect(await failureOf(provider.fetchRuns('acme/shop'))).toMatchObject({ kind: 'denied', message });
    expect(github.requests).toEqual([]);
  });

  it('is denied when the installation is unknown, since the repository may well be there', async () => {
    const { github, auth } = await install('1', 'installation-token');
    const { provider, host } = connect(github.url, { auth: { ...auth, installationId: '999' } });
    expect(await failureOf(provider.fetchRuns('acme/shop'))).toEqual({
      kind: 'denied',
      host,
      message: `${host} does not know the installation of the GitHub App of connection "hub": check installationId, and that the App is still installed`,
    });
  });

  it.each([
    ['a rate limit', { status: 429, headers: { 'retry-after': '60' } }, 'rate_limited'],
    ['a suspended installation', { status: 403 }, 'denied'],
    ['an outage', { status: 502 }, 'unavailable'],
    ['a redirect', { status: 307, headers: { location: '/' } }, 'malformed'],
    [
      'an answer without a token',
      { status: 201, headers: { 'content-type': 'application/json' }, body: '{}' },
      'malformed',
    ],
    ['an empty answer', { status: 201 }, 'malformed'],
  ])('passes on what the call for a token met with: %s', async (_name, fault, kind) => {
    const { github, provider } = await install('1', 'installation-token');
    github.fault({ kind: 'status', ...fault });
    expect((await failureOf(provider.fetchRuns('acme/shop'))).kind).toBe(kind);
    expect(github.requests).toHaveLength(1);
  });

  it('is quiet after a rate limit on the call for a token', async () => {
    const { github, provider } = await install('1', 'installation-token');
    github.fault({ kind: 'status', status: 429 }, { times: 1 });
    await failureOf(provider.fetchRuns('acme/shop'));
    expect((await failureOf(provider.fetchRuns('acme/shop'))).kind).toBe('rate_limited');
    expect(github.requests).toHaveLength(1);
  });

  it('ends a call in time while the token does not come, and begins anew with the next', async () => {
    const { github, provider } = await install('1', 'installation-token', KEY, { timeoutMs: 4000 });
    github.fault({ kind: 'hang' }, { times: 1 });
    expect((await failureOf(provider.fetchRuns('acme/shop'))).kind).toBe('timeout');
    expect(await provider.fetchRuns('acme/shop')).toHaveProperty('runs');
  });
});

describe('two Apps with the same installation id, at github.com and at a GitHub Enterprise server', () => {
  it('each get their own, also while the other’s is still under way', async () => {
    const cloud = await install('1', 'cloud-token', KEY);
    const server = await install('2', 'server-token', OTHER_KEY);
    const held = Promise.withResolvers<void>();
    cloud.github.fault({ kind: 'wait', until: held.promise }, { times: 1 });
    const waiting = cloud.provider.fetchRuns('acme/shop');
    expect(await server.provider.fetchRuns('acme/shop')).toHaveProperty('runs');
    held.resolve();
    expect(await waiting).toHaveProperty('runs');
    const used = [cloud, server].map(({ github }) => github.requests.at(-1)?.headers.authorization);
    expect(used).toEqual(['Bearer cloud-token', 'Bearer server-token']);
  });

  it('each get their own when both are asked at the same moment', async () => {
    const cloud = await install('1', 'cloud-token', KEY);
    const server = await install('2', 'server-token', OTHER_KEY);
    const pages = await Promise.all([cloud, server].map(({ provider }) => provider.fetchRuns('acme/shop')));
    expect(pages).toEqual([
      expect.objectContaining({ next: undefined }),
      expect.objectContaining({ next: undefined }),
    ]);
  });
});
