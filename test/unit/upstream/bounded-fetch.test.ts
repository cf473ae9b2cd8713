import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createRawServer, type AddressInfo, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Agent } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { createBoundedFetch } from '../../../src/upstream/bounded-fetch.ts';
import { UpstreamError } from '../../../src/errors.ts';
import { createObserver, failureOf } from '../../fixtures/github/connect.ts';

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function listen(server: Server, stop: () => void = () => undefined) {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    stop();
    await new Promise((resolve) => void server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers with `answer` and remembers what it was asked. */
async function serve(answer: RequestListener) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  return { requests, url: await listen(server, () => server.closeAllConnections()) };
}

/** A server that writes `bytes` as they are, and ends the connection. */
async function serveRaw(bytes: string | Buffer) {
  const server = createRawServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(bytes));
  });
  return listen(server);
}

/** @returns the address of a server that is no more */
async function closedPort(): Promise<string> {
  const server = createRawServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

function setUp() {
  const observer = createObserver();
  const dispatcher = new Agent();
  stops.push(() => dispatcher.destroy());
  const boundedFetch = createBoundedFetch({ dispatcher, observer });
  const get = (url: string, signal = new AbortController().signal, method = 'GET') =>
    boundedFetch(url, { method, headers: { authorization: 'Bearer secret' }, signal });
  return { observer, get };
}

describe('a way to the host', () => {
  it.each(['at once', 'later'])('that fails in the words of its maker (%s) fails so', async (when) => {
    const failure = { kind: 'unreachable', host: 'h', message: 'the proxy does not connect' } as const;
    const dispatcher = new Agent().compose(() => (_, handler) => {
      const error = new UpstreamError(failure);
      if (when === 'at once') throw error;
      handler.onResponseError?.(undefined as never, error);
      return true;
    });
    const observer = createObserver();
    const boundedFetch = createBoundedFetch({ dispatcher, observer });
    const { signal } = new AbortController();
    const asking = boundedFetch('https://h/', { method: 'GET', headers: {}, signal });
    await expect(asking).rejects.toMatchObject({ failure });
  });
});

describe('an answer', () => {
  it('is handed over whole, with status and headers', async () => {
    const { url } = await serve((_request, response) => response.writeHead(418, { etag: '"1"' }).end('tea'));
    const { get, observer } = setUp();
    const response = await get(url);
    expect(response.status).toBe(418);
    expect(response.headers.get('etag')).toBe('"1"');
    expect(await response.text()).toBe('tea');
    expect(observer.requested.mock.calls).toEqual([[new URL(url).host, 418]]);
  });

  it('may have no body (304)', async () => {
    const { url } = await serve((_request, response) => response.writeHead(304).end());
    const response = await setUp().get(url);
    expect(response.status).toBe(304);
  });

  it('may be compressed', async () => {
    const { url } = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}')),
    );
    expect(await (await setUp().get(url)).json()).toEqual({ a: 1 });
  });

  it('is refused beyond 32 MiB', async () => {
    const piece = Buffer.alloc(1024 * 1024, ' ');
    const { url } = await serve((_request, response) => {
      const write = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', write);
      write();
    });
    const { get, observer } = setUp();
    const { host } = new URL(url);
    expect(await failureOf(get(url))).toEqual({
      kind: 'malformed',
      host,
      message: `${host} answered with a body that is far too large; check the connection's url`,
    });
    expect(observer.requested.mock.calls).toEqual([[host, 'malformed']]);
  });

  it('is refused when little bytes would decompress to more than 32 MiB', async () => {
    const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024));
    const { url } = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(await failureOf(setUp().get(url))).toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('far too large'),
    });
  });
});

describe('a broken answer', () => {
  it.each([
    ['no connection', undefined, 'unreachable', 'refuses connections', 'refused'],
    ['a connection closed without an answer', '', 'unreachable', 'broke before', 'broken'],
    [
      'a body shorter than announced',
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf',
      'unreachable',
      'broke before the answer was whole',
      'broken',
    ],
    [
      'a chunked body that is cut off',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf',
      'unreachable',
      'broke before the answer was whole',
      'broken',
    ],
    ['something that is not HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'malformed', 'not HTTP', 'not_http'],
    [
      'endless headers',
      `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`,
      'malformed',
      'an answer that is not HTTP',
      'not_http',
    ],
    [
      'a body that is not gzip',
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nzzzz',
      'malformed',
      'cannot be decompressed',
    ],
  ])('with %s is told as such', async (_name, bytes, kind, message, trouble?: string) => {
    const url = bytes === undefined ? await closedPort() : await serveRaw(bytes);
    const { get, observer } = setUp();
    const { host } = new URL(url);
    const failure = await failureOf(get(url));
    expect(failure).toEqual({ kind, host, message: expect.stringContaining(message), trouble });
    expect(failure.message).not.toContain('secret');
    expect(observer.requested.mock.calls).toEqual([[host, kind]]);
  });

  it('that does not come before the signal fires is a time-out', async () => {
    const { url } = await serve(() => undefined);
    const { get, observer } = setUp();
    const { host } = new URL(url);
    expect(await failureOf(get(url, AbortSignal.timeout(50)))).toEqual({
      kind: 'timeout',
      host,
      message: `${host} did not answer in time`,
      trouble: 'timeout',
    });
    expect(observer.requested.mock.calls).toEqual([[host, 'timeout']]);
  });

  it('whose body stops coming before the signal fires is a time-out', async () => {
    const { url } = await serve((_request, response) => void response.write('{'));
    expect((await failureOf(setUp().get(url, AbortSignal.timeout(50)))).kind).toBe('timeout');
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])(
    'of status %i to the same origin is followed, with the credentials',
    async (status) => {
      const { url, requests } = await serve((request, response) => {
        if (request.url === '/old') response.writeHead(status, { location: '/new?x=1' }).end();
        else response.end('moved');
      });
      const { get, observer } = setUp();
      expect(await (await get(`${url}/old`)).text()).toBe('moved');
      expect(requests.map((request) => [request.url, request.headers.authorization])).toEqual([
        ['/old', 'Bearer secret'],
        ['/new?x=1', 'Bearer secret'],
      ]);
      expect(observer.requested.mock.calls.map(([, seen]) => seen)).toEqual([status, 200]);
    },
  );

  it.each([
    ['another port', 'http://127.0.0.1:PORT/'],
    ['another port, without a scheme', '//127.0.0.1:PORT/'],
    ['another name of the same machine', 'http://localhost:PORT/'],
  ])('to %s is not followed, so that nobody else sees the credentials', async (_name, template) => {
    const elsewhere = await serve((_request, response) => response.end('{}'));
    const location = template.replace('PORT', new URL(elsewhere.url).port);
    const { url } = await serve((_request, response) => response.writeHead(302, { location }).end());
    const { host } = new URL(url);
    expect(await failureOf(setUp().get(url))).toEqual({
      kind: 'malformed',
      host,
      message: `${host} redirects to another origin, where Greenpin does not take its credentials; correct the connection's url`,
    });
    expect(elsewhere.requests).toEqual([]);
  });

  it('of a POST is not followed', async () => {
    const { url, requests } = await serve((_request, response) =>
      response.writeHead(307, { location: '/new' }).end(),
    );
    const response = await setUp().get(url, undefined, 'POST');
    expect(response.status).toBe(307);
    expect(requests).toHaveLength(1);
  });

  it('without an address is handed over as it is', async () => {
    const { url } = await serve((_request, response) => response.writeHead(301).end());
    expect((await setUp().get(url)).status).toBe(301);
  });

  it.each(['http://', 'http://user:secret@127.0.0.1:PORT/'])('to %s is malformed', async (template) => {
    const { url } = await serve((request, response) => {
      const location = template.replace('PORT', String(request.socket.localPort));
      response.writeHead(301, { location }).end();
    });
    expect((await failureOf(setUp().get(url))).kind).toBe('malformed');
  });

  it('that never ends is given up', async () => {
    const { url, requests } = await serve((_request, response) =>
      response.writeHead(302, { location: '/' }).end(),
    );
    expect(await failureOf(setUp().get(url))).toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('too many redirects'),
    });
    expect(requests.length).toBeLessThan(10);
  });
});
