/** That every connection ends, on both servers, whatever the peer does. */
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ConnectionLimits } from '../../../src/http/connections.ts';
import { createManagement } from '../../../src/http/management.ts';
import type { Answer } from '../../../src/answers/answer.ts';
import { createTestApp, FRESH, NOW } from '../../fixtures/http/test-app.ts';
import { AUTHORIZED_HEAD, CALL, gate, listening } from '../../fixtures/http/test-connection.ts';

const WAITING = 10_000;
const ANSWERING = 60_000;
const LIMITS = { connectionLimits: { waitingMs: WAITING, answeringMs: ANSWERING } };

interface Limits {
  readonly requestTimeoutMs?: number;
  readonly connectionLimits?: Partial<ConnectionLimits>;
}

const LINGER = { lingerMs: 50 };

async function plugin(
  limits: Limits = {},
  answer?: () => Answer | Promise<Answer>,
): Promise<FastifyInstance> {
  return (await listening(answer, { ...LINGER, ...limits })).app;
}

async function management(limits: Limits = {}, text = 'up 1\n'): Promise<FastifyInstance> {
  const app = createManagement({
    notReady: () => undefined,
    stopping: new AbortController().signal,
    metrics: { contentType: 'text/plain', expose: () => Promise.resolve(text) },
    ...LINGER,
    ...limits,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return app;
}

interface Peer {
  readonly socket: Socket;
  /** The server's end of its connection. */
  readonly ours: Socket;
  readonly gone: Promise<unknown>;
  readonly text: () => string;
}

/** A peer that closes nothing by itself. */
async function peer(app: FastifyInstance): Promise<Peer> {
  const accepted = once(app.server, 'connection') as Promise<[Socket]>;
  const { port } = app.server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  // What is cut may be cut with a reset.
  socket.on('error', () => undefined);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [ours] = await accepted;
  return { socket, ours, gone: once(ours, 'close'), text: () => text };
}

/** Writes the same again and again, until the other side is gone. */
function trickle(socket: Socket, text: string, gone: Promise<unknown>): void {
  const writing = setInterval(() => socket.write(text), 5);
  const stop = () => clearInterval(writing);
  socket.on('close', stop);
  void gone.then(stop);
}

const HELLO = '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001';

describe.each([
  ['plugin', plugin, CALL],
  ['management', management, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
] as const)('on the port of the %s', (_port, start, request) => {
  it.each([
    ['nothing', ''],
    ['half a header', 'GET / HTTP/1.1\r\nHost: '],
    ['half a body', `${AUTHORIZED_HEAD}Content-Length: 100\r\n\r\n{`],
  ])('a peer that has sent %s and never closes is answered 408, and cut', async (_case, sent) => {
    const app = await start({ requestTimeoutMs: 50 });
    const { socket, gone, text } = await peer(app);
    const answered = once(socket, 'end');
    socket.write(sent);
    await Promise.all([gone, answered]);
    expect(text()).toMatch(/HTTP\/1\.1 408 /);
  });

  it.each([
    ['nonsense', 'nonsense\r\n\r\n', '400'],
    ['a TLS hello', HELLO, '400'],
    ['endless headers', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, '431'],
  ])('a peer that sends %s and never closes is answered, and cut', async (_case, sent, status) => {
    const app = await start();
    const { socket, gone, text } = await peer(app);
    socket.write(sent);
    await gone;
    expect(text()).toContain(`HTTP/1.1 ${status} `);
  });

  it.each([
    ['a header', 'x', 'GET / HTTP/1.1\r\nX: '],
    ['a body', ' ', `${AUTHORIZED_HEAD}Content-Length: 1000000\r\n\r\n`],
  ])('a peer that sends %s byte by byte is cut', async (_case, byte, head) => {
    const app = await start({ requestTimeoutMs: 100 });
    const { socket, gone } = await peer(app);
    socket.write(head);
    trickle(socket, byte, gone);
    await expect(gone).resolves.toBeDefined();
  });

  it('a peer that closes only its own side after the request is cut', async () => {
    const app = await start();
    const { socket, gone } = await peer(app);
    socket.end(request);
    await expect(gone).resolves.toBeDefined();
  });

  it('of too many, those are cut over which nothing was asked, the oldest first', async () => {
    const app = await start({ connectionLimits: { most: 3 } });
    const used = await peer(app);
    await call(used, request);
    const silent = [await peer(app), await peer(app)];
    const next = await peer(app);
    await silent[0]?.gone;
    await call(next, request);
    await call(used, request);
    expect([used, next, silent[1]].map((each) => each?.ours.destroyed)).toEqual([false, false, false]);
  });

  it('of too many, those are cut over which only refusals have gone', async () => {
    const app = await start({ connectionLimits: { most: 2 } });
    const refused = await peer(app);
    await call(refused, 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n');
    const used = await peer(app);
    await call(used, request);
    const next = await peer(app);
    await refused.gone;
    expect([used, next].map((each) => each.ours.destroyed)).toEqual([false, false]);
  });

  it('of too many over all of which something was asked, the newest is cut', async () => {
    const app = await start({ connectionLimits: { most: 1 } });
    const used = await peer(app);
    await call(used, request);
    const next = await peer(app);
    await next.gone;
    await call(used, request);
    expect(used.ours.destroyed).toBe(false);
  });
});

/** More than the system takes for a peer that does not read. */
const LARGE = 'x'.repeat(32 * 1024 * 1024);

function answerOf(text: string): Answer {
  return { kind: 'answered', body: text, freshness: 'fresh', asOf: NOW, because: 'green' };
}

/** Until what was written has been read. */
async function read(ours: Socket, bytes: number): Promise<void> {
  while (ours.bytesRead < bytes) await new Promise(setImmediate);
}

/** The other side answers. */
async function call({ socket }: Peer, request: string): Promise<void> {
  socket.write(request);
  await once(socket, 'data');
}

describe('where time passes as the test says', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['plugin', plugin, CALL],
    ['management', management, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'],
  ] as const)(
    'a peer of the %s that keeps an idle connection by empty lines is cut',
    async (_port, start, request) => {
      const client = await peer(await start(LIMITS));
      await call(client, request);
      vi.advanceTimersByTime(WAITING / 2);
      client.socket.write('\r\n');
      await read(client.ours, request.length + 2);
      vi.advanceTimersByTime(2 * WAITING);
      await client.gone;
      expect(client.text()).toContain('HTTP/1.1 200 OK');
    },
  );

  it.each([
    ['caller that does not read its answer', () => plugin(LIMITS, () => answerOf(LARGE)), CALL],
    [
      'caller that sends many calls and reads nothing',
      () => plugin(LIMITS, () => answerOf(LARGE.slice(0, 65_536))),
      CALL.repeat(1_000),
    ],
    [
      'scraper that does not read the metrics',
      () => management(LIMITS, LARGE),
      'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n',
    ],
  ])('a %s is cut', async (_peer, start, sent) => {
    const { socket, ours, gone } = await peer(await start());
    socket.pause().write(sent);
    while (ours.writableLength === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(ANSWERING - 10_000);
    expect(ours.destroyed).toBe(false);
    vi.advanceTimersByTime(20_000);
    await gone;
  });

  it('an answer may take longer than a connection may be idle', async () => {
    const { answer, asked, open } = gate();
    const client = await peer(await plugin(LIMITS, answer));
    client.socket.write(CALL);
    await asked;
    vi.advanceTimersByTime(ANSWERING - WAITING / 2);
    open();
    await once(client.socket, 'data');
    expect(client.text()).toContain(FRESH.kind === 'answered' ? FRESH.body : '');
    vi.advanceTimersByTime(2 * WAITING);
    await client.gone;
  });

  it('a connection over which calls go on is kept, however long ago it was opened', async () => {
    const client = await peer(await plugin(LIMITS));
    for (let time = 0; time < 3 * ANSWERING; time += WAITING / 2) {
      await call(client, CALL);
      vi.advanceTimersByTime(WAITING / 2);
    }
    expect(client.ours.destroyed).toBe(false);
    vi.advanceTimersByTime(2 * WAITING);
    await client.gone;
  });

  it('the limits are those of each address of a name', async () => {
    const { app } = createTestApp(undefined, LIMITS);
    onTestFinished(() => app.close());
    await app.listen({ host: 'localhost', port: 0 });
    for (const { address, port } of app.addresses() as AddressInfo[]) {
      const socket = connect(port, address);
      onTestFinished(() => void socket.destroy());
      const gone = once(socket, 'close');
      socket.write(CALL);
      await once(socket, 'data');
      vi.advanceTimersByTime(2 * WAITING);
      await expect(gone).resolves.toBeDefined();
    }
  });
});
