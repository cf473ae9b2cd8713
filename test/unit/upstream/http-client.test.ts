import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { constants } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Agent } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { createHttpClient, type HttpRequest } from '../../../src/upstream/http-client.ts';
import { createObserver, failureOf } from '../../fixtures/github/connect.ts';
import { createAuthority } from '../../fixtures/network/certificates.ts';
import { createTlsServer } from '../../fixtures/network/tls-server.ts';

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** A server that answers with `answer` and records the requests. */
async function serve(answer: RequestListener) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  return { requests, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x?y=1`) };
}

function setUp(dispatcher = new Agent()) {
  const observer = createObserver();
  stops.push(() => dispatcher.destroy());
  const send = createHttpClient({ dispatcherFor: () => dispatcher, observer });
  const get = (url: URL, request: Partial<HttpRequest> = {}, signal = new AbortController().signal) =>
    send({ method: 'GET', url, headers: {}, maxBytes: 1000, ...request }, signal);
  return { observer, get };
}

describe('a request', () => {
  it('has a user agent, requests an uncompressed body, and omits headers without a value', async () => {
    const { url, requests } = await serve((_request, response) => response.end());
    await setUp().get(url, { headers: { accept: 'text/plain', authorization: undefined } });
    expect(requests[0]?.url).toBe('/x?y=1');
    expect(requests[0]?.headers).toMatchObject({
      'user-agent': 'greenpin',
      'accept-encoding': 'identity',
      accept: 'text/plain',
    });
    expect(requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each(['at once', 'later'])('that fails %s with an UpstreamError fails with that one', async (when) => {
    const failure = { kind: 'unreachable', host: 'h', message: 'the proxy does not connect' } as const;
    const dispatcher = new Agent().compose(() => (_, handler) => {
      const error = new UpstreamError(failure);
      if (when === 'at once') throw error;
      handler.onResponseError?.(undefined as never, error);
      return true;
    });
    const observer = createObserver();
    const send = createHttpClient({ dispatcherFor: () => dispatcher, observer });
    const request = { method: 'GET', url: new URL('https://h/'), headers: {}, maxBytes: 1 } as const;
    await expect(send(request, new AbortController().signal)).rejects.toMatchObject({ failure });
    expect(observer.requested.mock.calls).toEqual([['h', 'unreachable']]);
  });
});

describe('a response', () => {
  it('is complete, with status, headers and URL', async () => {
    const { url } = await serve((_request, response) => response.writeHead(418, { etag: '"1"' }).end('tea'));
    const { get, observer } = setUp();
    const response = await get(url);
    expect(response).toMatchObject({ status: 418, headers: { etag: '"1"' }, url });
    expect(response.body.toString()).toBe('tea');
    expect(observer.requested.mock.calls).toEqual([[url.host, 418]]);
  });

  it('may have no body (304)', async () => {
    const { url } = await serve((_request, response) => response.writeHead(304).end());
    expect(await setUp().get(url)).toMatchObject({ status: 304, body: Buffer.alloc(0) });
  });

  it.each(['identity', 'gzip'])(
    'of an allowed length is read, one byte more is refused (%s)',
    async (encoding) => {
      const { url } = await serve((request, response) => {
        const body = Buffer.alloc(Number(request.headers['x-length']), 'x');
        const packed = encoding === 'gzip' ? gzipSync(body) : body;
        response.writeHead(200, { 'content-encoding': encoding }).end(packed);
      });
      const { get } = setUp();
      expect((await get(url, { headers: { 'x-length': '1000' } })).body).toHaveLength(1000);
      expect(await failureOf(get(url, { headers: { 'x-length': '1001' } }))).toEqual({
        kind: 'malformed',
        host: url.host,
        message: `${url.host} sent an answer that is too large`,
      });
    },
  );

  it('with an error status is a refusal, even if its body cannot be decompressed', async () => {
    const { url } = await serve((_request, response) =>
      response.writeHead(403, { 'content-encoding': 'gzip' }).end('zzzz'),
    );
    expect(await setUp().get(url)).toMatchObject({ status: 403, body: Buffer.alloc(0) });
  });

  it('that does not come before the signal fires is a time-out', async () => {
    const { url } = await serve(() => undefined);
    const { get, observer } = setUp();
    expect(await failureOf(get(url, {}, AbortSignal.timeout(50)))).toEqual({
      kind: 'timeout',
      host: url.host,
      message: `${url.host} did not answer in time`,
      trouble: 'timeout',
    });
    expect(observer.requested.mock.calls).toEqual([[url.host, 'timeout']]);
  });

  it.each([
    ['cancelled', constants.NGHTTP2_CANCEL],
    ['closed without an error', constants.NGHTTP2_NO_ERROR],
  ])('whose HTTP/2 stream is %s does not count as complete', async (_name, code) => {
    const authority = createAuthority('the company');
    await using server = await createTlsServer(authority.issue('server', ['127.0.0.1']), {
      handle: (_message, response) => {
        response.writeHead(200, { 'content-length': '10' });
        response.write('part', () => response.stream.close(code));
      },
    });
    const connect = { ca: authority.cert };
    const { get } = setUp(new Agent({ allowH2: true, connect }));
    expect(await failureOf(get(new URL(`https://127.0.0.1:${server.port}/`)))).toMatchObject({
      kind: 'unreachable',
      trouble: 'broken',
    });
  });

  it('may announce the length of a body that it does not have (HEAD, 304)', async () => {
    const { url } = await serve(({ method }, response) =>
      response.writeHead(method === 'HEAD' ? 200 : 304, { 'content-length': '10' }).end(),
    );
    const { get } = setUp();
    expect(await get(url, { method: 'HEAD' })).toMatchObject({ status: 200 });
    expect(await get(url)).toMatchObject({ status: 304 });
  });
});
