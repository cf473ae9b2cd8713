import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { createDispatchers, type DispatcherFor } from '../../../src/upstream/dispatchers.ts';
import { createHttpClient } from '../../../src/upstream/http-client.ts';
import { createProxies } from '../../../src/upstream/proxies.ts';
import { createAuthority } from '../../fixtures/network/certificates.ts';
import { createConnectProxy } from '../../fixtures/network/connect-proxy.ts';
import { createScriptedServer } from '../../fixtures/network/scripted-server.ts';
import { createTlsServer, type Seen } from '../../fixtures/network/tls-server.ts';

const authority = createAuthority('the company');
const MATERIAL = { ca: authority.cert };

function through(env: Readonly<Record<string, string>>, timeoutMs = 30_000): DispatcherFor {
  return createDispatchers({
    readTls: () => MATERIAL,
    proxyFor: createProxies(env),
    connections: 4,
    timeoutMs,
  });
}

async function ask(url: string, dispatcherFor: DispatcherFor): Promise<unknown> {
  const { body, statusCode } = await request(url, { dispatcher: dispatcherFor(new URL(url)) });
  const text = await body.text();
  return statusCode === 200 ? (JSON.parse(text) as Seen) : statusCode;
}

/** @returns what the request failed with, in the words of `errors.ts` if it has some */
async function failureOf(url: string, dispatcherFor: DispatcherFor): Promise<unknown> {
  const error: unknown = await ask(url, dispatcherFor).then(
    () => 'answered',
    (reason: unknown) => reason,
  );
  return error instanceof Error && 'failure' in error ? error.failure : error;
}

function createSecureServer() {
  return createTlsServer(authority.issue('server', ['reg.test']));
}

describe('https through a proxy', () => {
  it('goes through a tunnel, with the certificate of the host behind it', async () => {
    await using server = await createSecureServer();
    await using proxy = await createConnectProxy({ targetPort: server.port });
    const dispatcherFor = through({ HTTPS_PROXY: `http://${proxy.host}` });
    expect(await ask('https://reg.test/v2/', dispatcherFor)).toHaveProperty('version');
    expect(await ask('https://reg.test/v2/', dispatcherFor)).toHaveProperty('version');
    expect(proxy.asked).toEqual(['CONNECT reg.test:443']);
  });

  it('keeps the port', async () => {
    await using server = await createSecureServer();
    await using proxy = await createConnectProxy({ targetPort: server.port });
    await ask('https://reg.test:5000/v2/', through({ https_proxy: proxy.host }));
    expect(proxy.asked).toEqual(['CONNECT reg.test:5000']);
  });

  it('sends the credentials in the variable', async () => {
    await using server = await createSecureServer();
    await using proxy = await createConnectProxy({ targetPort: server.port, credentials: 'us er:p@ss' });
    await ask('https://reg.test/', through({ HTTPS_PROXY: `http://us%20er:p%40ss@${proxy.host}` }));
    expect(proxy.asked).toEqual(['CONNECT reg.test:443 as us er:p@ss']);
  });

  it('is not used for hosts in NO_PROXY, nor for loopback', async () => {
    await using server = await createTlsServer(authority.issue('server', ['127.0.0.1']));
    await using proxy = await createConnectProxy({ targetPort: server.port });
    const dispatcherFor = through({ HTTPS_PROXY: `http://${proxy.host}`, NO_PROXY: 'reg.test' });
    expect(await ask(`https://127.0.0.1:${server.port}/`, dispatcherFor)).toHaveProperty('version');
    expect(dispatcherFor(new URL('https://reg.test'))).toBe(dispatcherFor(new URL('https://127.0.0.1')));
    expect(proxy.asked).toEqual([]);
  });
});

describe('http through a proxy', () => {
  it('is sent to the proxy, with the whole URL', async () => {
    await using server = await createScriptedServer();
    await using proxy = await createConnectProxy({ targetPort: Number(new URL(server.url).port) });
    server.expect({ method: 'GET', path: '/v2/', headers: { host: 'reg.test:5000' } }, { body: '{}' });
    const env = { HTTP_PROXY: `http://user:pass@${proxy.host}` };
    expect(await ask('http://reg.test:5000/v2/', through(env))).toEqual({});
    expect(proxy.asked).toEqual(['GET http://reg.test:5000/v2/ as user:pass']);
    server.verify();
  });
});

describe('a failing proxy', () => {
  it.each(['https', 'http'])('refuses the credentials (%s): says so, without them', async (scheme) => {
    await using proxy = await createConnectProxy({ targetPort: 9, credentials: 'user:right' });
    const url = `http://user:hunter2@${proxy.host}`;
    const name = `${scheme.toUpperCase()}_PROXY`;
    expect(await failureOf(`${scheme}://reg.test/`, through({ [name]: url }))).toEqual({
      kind: 'unreachable',
      host: 'reg.test',
      message: `the proxy ${proxy.host} (${name}) requires other credentials (407); put them into its URL`,
      trouble: 'proxy_login',
    });
  });

  it.each([403, 502, 503])('refuses to connect with %i', async (refusal) => {
    await using proxy = await createConnectProxy({ targetPort: 9, refusal });
    expect(await failureOf('https://reg.test:5000/', through({ HTTPS_PROXY: proxy.host }))).toEqual({
      kind: 'unreachable',
      host: 'reg.test:5000',
      message: `the proxy ${proxy.host} (HTTPS_PROXY) does not connect to reg.test:5000 (${refusal})`,
      trouble: 'proxy',
    });
  });

  it('breaks off', async () => {
    await using proxy = await createConnectProxy({ targetPort: 9, refusal: 'reset' });
    expect(await failureOf('https://reg.test/', through({ HTTPS_PROXY: proxy.host }))).toEqual({
      kind: 'unreachable',
      host: 'reg.test',
      message: `the proxy ${proxy.host} (HTTPS_PROXY) broke off before it had connected to reg.test`,
      trouble: 'proxy',
    });
  });

  it('does not answer: the tunnel is abandoned in time', async () => {
    await using proxy = await createConnectProxy({ targetPort: 9, refusal: 'silence' });
    expect(await failureOf('https://reg.test/', through({ HTTPS_PROXY: proxy.host }, 100))).toMatchObject({
      code: 'UND_ERR_HEADERS_TIMEOUT',
    });
  });

  it('does not answer: the request ends when its signal fires', async () => {
    await using proxy = await createConnectProxy({ targetPort: 9, refusal: 'silence' });
    const dispatcherFor = through({ HTTPS_PROXY: proxy.host });
    const send = createHttpClient({ dispatcherFor, observer: { requested: () => undefined } });
    const get = { method: 'GET', url: new URL('https://reg.test/'), headers: {}, maxBytes: 1 } as const;
    await expect(send(get, AbortSignal.timeout(50))).rejects.toMatchObject({
      failure: { kind: 'timeout', message: 'reg.test did not answer in time' },
    });
  });

  it.each(['https', 'http'])('is not there (%s)', async (scheme) => {
    const proxy = await createConnectProxy({ targetPort: 9 });
    await proxy[Symbol.asyncDispose]();
    const name = `${scheme.toUpperCase()}_PROXY`;
    expect(await failureOf(`${scheme}://reg.test/`, through({ [name]: proxy.host }))).toEqual({
      kind: 'unreachable',
      host: 'reg.test',
      message: `the proxy ${proxy.host} (${name}) cannot be reached (ECONNREFUSED)`,
      trouble: 'proxy',
    });
  });

  it('is not blamed for a certificate of the host behind it', async () => {
    await using server = await createTlsServer(authority.issue('server', ['other.test']));
    await using proxy = await createConnectProxy({ targetPort: server.port });
    expect(await failureOf('https://reg.test/', through({ HTTPS_PROXY: proxy.host }))).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });
});
