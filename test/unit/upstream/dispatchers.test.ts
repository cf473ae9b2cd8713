import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Agent, request, type Dispatcher } from 'undici';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import type { TlsMaterial } from '../../../src/secrets/tls-files.ts';
import { createDispatchers } from '../../../src/upstream/dispatchers.ts';
import { createHostDispatchers } from '../../../src/upstream/host-dispatchers.ts';
import { createAuthority } from '../../fixtures/network/certificates.ts';
import { createRelay } from '../../fixtures/network/relay.ts';
import { createTlsServer, type Seen, type TlsServer } from '../../fixtures/network/tls-server.ts';

const authority = createAuthority('the company');
const other = createAuthority('another company');
const served = authority.issue('server', ['127.0.0.1', 'localhost']);
const OPTIONS = { proxyFor: () => undefined, connections: 4, timeoutMs: 30_000 };

async function see(url: string, dispatcher: Dispatcher): Promise<Seen> {
  const { body } = await request(url, { dispatcher });
  return (await body.json()) as Seen;
}

function codeOf(asking: Promise<unknown>): Promise<unknown> {
  return asking.then(
    () => 'answered',
    (error: NodeJS.ErrnoException) => error.code ?? error,
  );
}

describe('a server with a certificate from a private authority', () => {
  let server: TlsServer;
  let url: URL;
  beforeAll(async () => {
    server = await createTlsServer(served);
    url = new URL(`https://127.0.0.1:${server.port}/`);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('is rejected without the authority', async () => {
    const dispatcherFor = createDispatchers(OPTIONS);
    expect(await codeOf(see(url.href, dispatcherFor(url)))).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('is accepted if the authority is among those given', async () => {
    const dispatcherFor = createDispatchers({
      ...OPTIONS,
      readTls: () => material,
    });
    const material = { ca: other.cert + authority.cert };
    expect(await see(url.href, dispatcherFor(url))).toEqual({ version: expect.any(String) });
  });

  it('is rejected with another authority', async () => {
    const material = { ca: other.cert };
    const dispatcherFor = createDispatchers({ ...OPTIONS, readTls: () => material });
    expect(await codeOf(see(url.href, dispatcherFor(url)))).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('is rejected if the certificate is for another host', async () => {
    await using elsewhere = await createTlsServer(authority.issue('server', ['reg.test']));
    const material = { ca: authority.cert };
    const dispatcherFor = createDispatchers({ ...OPTIONS, readTls: () => material });
    const asked = new URL(`https://127.0.0.1:${elsewhere.port}/`);
    expect(await codeOf(see(asked.href, dispatcherFor(asked)))).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('is called concurrently over one connection with HTTP/2', async () => {
    await using fresh = await createTlsServer(served);
    const asked = new URL(`https://127.0.0.1:${fresh.port}/`);
    const material = { ca: authority.cert };
    const dispatcher = createDispatchers({ ...OPTIONS, readTls: () => material })(asked);
    const seen = await Promise.all(Array.from({ length: 50 }, () => see(asked.href, dispatcher)));
    expect(new Set(seen.map(({ version }) => version))).toEqual(new Set(['2.0']));
    expect(fresh.connections()).toBe(1);
  });

  it('is called again if a router has dropped the HTTP/2 connection', async () => {
    await using relay = await createRelay(server.port);
    const material = { ca: authority.cert };
    const asked = new URL(`https://127.0.0.1:${relay.port}/`);
    const dispatcher = createDispatchers({ ...OPTIONS, timeoutMs: 4000, readTls: () => material })(asked);
    expect(await see(asked.href, dispatcher)).toEqual({ version: '2.0' });
    relay.forget();
    expect(await codeOf(see(asked.href, dispatcher))).toBe('UND_ERR_HEADERS_TIMEOUT');
    expect(await see(asked.href, dispatcher)).toEqual({ version: '2.0' });
  });
});

it('the default authorities stay trusted beside the given one', async () => {
  const before = getCACertificates('default');
  onTestFinished(() => setDefaultCACertificates(before));
  setDefaultCACertificates([other.cert]);
  const material = { ca: authority.cert };
  const dispatcherFor = createDispatchers({ ...OPTIONS, readTls: () => material });
  for (const issuer of [other, authority]) {
    await using server = await createTlsServer(issuer.issue('server', ['127.0.0.1']));
    const url = new URL(`https://127.0.0.1:${server.port}/`);
    expect(await see(url.href, dispatcherFor(url))).toHaveProperty('version');
  }
});

describe('certificates that are replaced', () => {
  it('are used for the next request; running ones finish', async () => {
    const answers = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    await using server = await createTlsServer(served, {
      handle: (message, response) => {
        if (message.url === '/now') return void response.end('{}');
        arrived.resolve();
        void answers.promise.then(() => response.end('{}'));
      },
    });
    let material: TlsMaterial = { ca: authority.cert };
    const dispatcherFor = createDispatchers({ ...OPTIONS, readTls: () => material });
    const url = new URL(`https://127.0.0.1:${server.port}`);
    const going = see(`${url.href}later`, dispatcherFor(url));
    await arrived.promise;

    material = { ca: other.cert };
    server.renew(other.issue('server', ['127.0.0.1']));
    expect(await see(`${url.href}now`, dispatcherFor(url))).toEqual({});
    answers.resolve();
    expect(await going).toEqual({});
  });

  it('cost no new connection per request while they are unchanged', async () => {
    const material = { ca: authority.cert };
    const dispatcherFor = createDispatchers({ ...OPTIONS, readTls: () => material });
    const url = new URL('https://127.0.0.1:1');
    expect(dispatcherFor(url)).toBe(dispatcherFor(url));
  });

  it('that TLS rejects leave the connections as they are', async () => {
    await using server = await createTlsServer(served);
    let material: TlsMaterial = { ca: authority.cert };
    const dispatcherFor = createDispatchers({ ...OPTIONS, readTls: () => material });
    const url = new URL(`https://127.0.0.1:${server.port}`);
    const good = material;
    const before = dispatcherFor(url);
    material = { client: { cert: 'no PEM', key: 'no PEM' } };
    expect(() => dispatcherFor(url)).toThrow('PEM');
    material = good;
    expect(dispatcherFor(url)).toBe(before);
    expect(await see(url.href, before)).toHaveProperty('version');
  });

  it('that cannot be read are a failure of the request, with the reason', async () => {
    const dispatcherFor = createDispatchers({
      ...OPTIONS,
      readTls: () => {
        throw new Error('registries.x.caFile: found nothing');
      },
    });
    const failure = {
      kind: 'unreachable',
      host: 'reg.test',
      message: 'reg.test was not asked: registries.x.caFile: found nothing',
    };
    const asking = () => dispatcherFor(new URL('https://reg.test/'));
    expect(asking).toThrow(UpstreamError);
    expect(asking).toThrow(expect.objectContaining({ failure: { ...failure, trouble: 'files' } }));
  });
});

describe('a client certificate', () => {
  const client = authority.issue('greenpin');
  const material = { ca: authority.cert, client };

  async function createHosts() {
    const own = await createTlsServer(served, { clientCa: authority.cert });
    const sibling = await createTlsServer(served, { clientCa: authority.cert });
    const dispatcherFor = createHostDispatchers(
      new Map([[`127.0.0.1:${own.port}`, () => material]]),
      OPTIONS,
    );
    const ask = (url: string) => see(url, dispatcherFor(new URL(url)));
    return {
      own,
      sibling,
      ask,
      async [Symbol.asyncDispose]() {
        await own[Symbol.asyncDispose]();
        await sibling[Symbol.asyncDispose]();
      },
    };
  }

  it('is sent to its host', async () => {
    await using hosts = await createHosts();
    expect(await hosts.ask(`https://127.0.0.1:${hosts.own.port}/`)).toMatchObject({ client: 'greenpin' });
  });

  it('is not sent to another port of the host, whose certificate is still trusted', async () => {
    await using hosts = await createHosts();
    await using open = await createTlsServer(served);
    expect(await hosts.ask(`https://127.0.0.1:${open.port}/`)).toEqual({ version: expect.any(String) });
    expect(await codeOf(hosts.ask(`https://127.0.0.1:${hosts.sibling.port}/`))).not.toBe('answered');
  });

  it('and its authority do not apply to another host', async () => {
    await using hosts = await createHosts();
    await using open = await createTlsServer(served);
    expect(await codeOf(hosts.ask(`https://localhost:${open.port}/`))).not.toBe('answered');
  });
});

it('a connection is used again for the next request, also of HTTP/1.1', async () => {
  let connections = 0;
  const server = createServer((_, response) => response.end('{}')).on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const dispatcherFor = createDispatchers(OPTIONS);
  for (let i = 0; i < 10; i++) expect(await see(url.href, dispatcherFor(url))).toEqual({});
  // The pool may open a second one while the first is still busy with the end of an answer.
  expect(connections).toBeLessThanOrEqual(2);
});

it('a host without certificates of its own is called as usual', async () => {
  const dispatcherFor = createHostDispatchers(new Map(), OPTIONS);
  expect(dispatcherFor(new URL('https://a.test'))).toBe(dispatcherFor(new URL('https://b.test')));
  expect(dispatcherFor(new URL('https://a.test'))).toBeInstanceOf(Agent);
});
