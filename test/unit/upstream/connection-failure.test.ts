import { createServer } from 'node:http';
import { createServer as createRawServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { describeConnection, toUpstreamError } from '../../../src/upstream/connection-failure.ts';
import type { ConnectionTrouble } from '../../../src/errors.ts';
import { createDispatchers } from '../../../src/upstream/dispatchers.ts';
import { createHttpClient } from '../../../src/upstream/http-client.ts';
import { createAuthority } from '../../fixtures/network/certificates.ts';
import { createTlsServer } from '../../fixtures/network/tls-server.ts';

const HOST = 'reg.test:5000';

describe('a network error has a kind and one sentence', () => {
  test.each<[string, ConnectionTrouble | undefined, string]>([
    ['ETIMEDOUT', 'timeout', 'reg.test:5000 did not answer in time'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', 'reg.test:5000 did not answer in time'],
    ['ENOTFOUND', 'name', 'the name reg.test cannot be resolved (ENOTFOUND)'],
    ['EAI_AGAIN', 'name', 'the name reg.test cannot be resolved (EAI_AGAIN)'],
    ['ECONNREFUSED', 'refused', 'reg.test:5000 refuses connections'],
    ['EHOSTUNREACH', 'route', 'there is no route to reg.test:5000 (EHOSTUNREACH)'],
    ['ENETUNREACH', 'route', 'there is no route to reg.test:5000 (ENETUNREACH)'],
    ['ECONNRESET', 'broken', 'the connection to reg.test:5000 broke before the answer was whole'],
    ['UND_ERR_SOCKET', 'broken', 'the connection to reg.test:5000 broke before the answer was whole'],
    ['ERR_HTTP2_STREAM_ERROR', 'broken', 'the connection to reg.test:5000 broke before the answer was whole'],
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'authority',
      'the certificate of reg.test:5000 comes from an authority that is not trusted here (SELF_SIGNED_CERT_IN_CHAIN); ' +
        'if you trust it, give it as caFile',
    ],
    ['CERT_HAS_EXPIRED', 'validity', 'the certificate of reg.test:5000 has expired (CERT_HAS_EXPIRED)'],
    [
      'CERT_NOT_YET_VALID',
      'validity',
      'the certificate of reg.test:5000 is not valid yet (CERT_NOT_YET_VALID)',
    ],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'other_name',
      'the certificate of reg.test:5000 is for another name (ERR_TLS_CERT_ALTNAME_INVALID)',
    ],
    [
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'no_tls',
      'reg.test:5000 does not speak TLS on this port (ERR_SSL_WRONG_VERSION_NUMBER)',
    ],
    ...[
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    ].map((code): [string, ConnectionTrouble, string] => [
      code,
      'client_certificate',
      `reg.test:5000 did not accept the client certificate, or requires one (${code})`,
    ]),
    [
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'tls',
      'no trusted TLS connection to reg.test:5000 (ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION)',
    ],
    ['CERT_REVOKED', 'tls', 'no trusted TLS connection to reg.test:5000 (CERT_REVOKED)'],
    ['HPE_INVALID_CONSTANT', 'not_http', 'reg.test:5000 sent an answer that is not HTTP'],
    ['ESOMETHING', undefined, 'the request to reg.test:5000 failed (ESOMETHING)'],
  ])('%s', (code, trouble, message) => {
    expect(describeConnection({ host: HOST, code })).toEqual({ trouble, message });
  });

  test.each([
    ['an error without a code', new Error('x'), 'the request to reg.test:5000 failed'],
    ['a defect', new TypeError('x'), 'the request to reg.test:5000 failed (TypeError)'],
    ['what is no error', 'x', 'the request to reg.test:5000 failed'],
    ['a time-out of our own', new DOMException('x', 'TimeoutError'), 'reg.test:5000 did not answer in time'],
  ])('%s', (_name, error, message) => {
    expect(toUpstreamError(error, { host: HOST })).toMatchObject({ message });
  });
});

const authority = createAuthority('the company');

/** Real servers that fail in real ways: what Node.js calls them is not ours to say. */
test.each(['broken', 'not_http'] as const)('a port asked by plain http may want TLS (%s)', (trouble) => {
  const error = Object.assign(new Error('x'), {
    code: { broken: 'ECONNRESET', not_http: 'HPE_INVALID' }[trouble],
  });
  const plain = toUpstreamError(error, new URL('http://reg.test'));
  expect(plain.failure).toMatchObject({ trouble, message: expect.stringContaining('asked by plain http') });
});

describe('a server that fails is described', () => {
  test.each<[string, string, () => Promise<Trap>]>([
    ['a port that nobody listens on', 'refused', closedPort],
    ['a reset', 'broken', () => rawServer((socket) => socket.once('data', () => socket.resetAndDestroy()))],
    ['plain http where TLS is expected', 'no_tls', plainServer],
    ['a certificate of an unknown authority', 'authority', () => tlsServer('127.0.0.1')],
    ['a certificate for another name', 'other_name', () => tlsServer('other.test', authority.cert)],
    ['a name that does not exist', 'name', async () => ({ host: 'nowhere.invalid', close: ignore })],
  ])('%s', async (_name, trouble, lay) => {
    const { host, ca, close } = await lay();
    const material = ca === undefined ? {} : { ca };
    const dispatcherFor = createDispatchers({
      readTls: () => material,
      proxyFor: () => undefined,
      connections: 1,
      timeoutMs: 5000,
    });
    const url = `https://${host}/`;
    const send = createHttpClient({ dispatcherFor, observer: { requested: () => undefined } });
    const { signal } = new AbortController();
    const request = { method: 'GET', url: new URL(url), headers: {}, maxBytes: 1000 } as const;
    const failure = { kind: 'unreachable', host, trouble };
    await expect(send(request, signal)).rejects.toMatchObject({ failure });
    await close();
  });
});

interface Trap {
  readonly host: string;
  /** That is trusted. */
  readonly ca?: string;
  readonly close: () => PromiseLike<unknown>;
}

async function ignore(): Promise<void> {}

async function listen(server: Server): Promise<Trap> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    close: () => new Promise((resolve) => void server.close(resolve)),
  };
}

async function closedPort(): Promise<Trap> {
  const trap = await listen(createRawServer());
  await trap.close();
  return { ...trap, close: ignore };
}

function rawServer(handle: (socket: Socket) => void): Promise<Trap> {
  return listen(
    createRawServer((socket) => {
      socket.on('error', () => undefined);
      handle(socket);
    }),
  );
}

function plainServer(): Promise<Trap> {
  return listen(createServer((_request, response) => response.end()));
}

async function tlsServer(name: string, ca?: string): Promise<Trap> {
  const server = await createTlsServer(authority.issue('server', [name]));
  return {
    host: `127.0.0.1:${server.port}`,
    ...(ca !== undefined && { ca }),
    close: () => server[Symbol.asyncDispose](),
  };
}
