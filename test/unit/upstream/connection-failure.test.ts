import { createServer } from 'node:http';
import { createServer as createRawServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fetch } from 'undici';
import { describe, expect, test } from 'vitest';
import { networkError } from '../../../src/upstream/failures.ts';
import { describeExchangeError } from '../../../src/upstream/connection-failure.ts';
import type { ConnectionTrouble } from '../../../src/errors.ts';
import { createDispatchers } from '../../../src/upstream/dispatchers.ts';
import { describeError } from '../../../src/registry/failure.ts';
import { createAuthority } from '../../fixtures/network/certificates.ts';
import { createTlsServer } from '../../fixtures/network/tls-server.ts';

const HOST = 'reg.test:5000';

function failing(code: string): Error {
  return Object.assign(new Error('a text that is not shown'), { code });
}

describe('an error of the network has a name for what is wrong, and one sentence', () => {
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
      `reg.test:5000 wants another client certificate than it is shown (${code})`,
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
    expect(describeExchangeError(failing(code), HOST)).toEqual({ trouble, message, code });
  });

  test.each([
    ['an error without a code', new Error('x'), 'the request to reg.test:5000 failed'],
    ['a defect', new TypeError('x'), 'the request to reg.test:5000 failed (TypeError)'],
    ['what is no error', 'x', 'the request to reg.test:5000 failed'],
    ['a time-out of our own', new DOMException('x', 'TimeoutError'), 'reg.test:5000 did not answer in time'],
  ])('%s', (_name, error, message) => {
    expect(describeExchangeError(error, HOST)).toMatchObject({ message });
  });
});

const authority = createAuthority('the company');

/** Real servers that fail in real ways: what Node.js calls them is not ours to say. */
describe('CI and a registry that fail in the same way are described in the same words', () => {
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
    const dispatcher = dispatcherFor(new URL(url));
    const { signal } = new AbortController();
    const asCi = await fetch(url, { dispatcher }).catch((error: unknown) =>
      networkError(error, host, signal),
    );
    const asRegistry = await dispatcher
      .request({ origin: `https://${host}`, path: '/', method: 'GET' })
      .catch((error: unknown) => describeError(error, host));
    expect(asCi).toMatchObject({ failure: { kind: 'unreachable', host, trouble } });
    expect(asRegistry).toMatchObject({ failure: 'failure' in asCi ? asCi.failure : {} });
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
