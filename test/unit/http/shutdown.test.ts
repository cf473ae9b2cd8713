/** What `close()` does with connections, over real ones. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FRESH, PATH, send } from '../../fixtures/http/test-app.ts';
import {
  AUTHORIZED_HEAD,
  CALL,
  gate,
  keepAlive,
  listening,
  open,
  QUESTION,
} from '../../fixtures/http/test-connection.ts';

it('answers the call in flight, then ends its connection, although it would be kept alive', async () => {
  const { answer, asked, open: openGate } = gate();
  const { app, lines } = await listening(answer);
  const pending = send(app, { agent: keepAlive(), chunks: [QUESTION] });
  await asked;
  const closed = app.close();
  await expect.poll(() => app.server.listening).toBe(false);
  openGate();
  const { status, headers } = await pending;
  expect([status, headers.connection]).toEqual([200, 'close']);
  await closed;
  expect(lines).toMatchObject([{ outcome: 'fresh' }]);
});

it('answers a failing call in flight the same way', async () => {
  const { answer, asked, open: openGate } = gate();
  const { app } = await listening(() =>
    answer().then(() => ({ kind: 'failed', code: 'upstream_failed', message: 'm' })),
  );
  const pending = send(app, { agent: keepAlive(), chunks: [QUESTION] });
  await asked;
  const closed = app.close();
  await expect.poll(() => app.server.listening).toBe(false);
  openGate();
  const { status, headers } = await pending;
  expect([status, headers.connection]).toEqual([502, 'close']);
  await closed;
});

it('ends, too, when the answer is sent just as it begins', async () => {
  const { answer, asked, open: openGate } = gate();
  const { app } = await listening(answer);
  const pending = send(app, { agent: keepAlive(), chunks: [QUESTION] });
  await asked;
  openGate();
  const closed = app.close();
  expect(await pending).toMatchObject({ status: 200 });
  await closed;
});

it('does not wait for a client that keeps its connection after the rest of a body that was refused', async () => {
  const { app } = await listening();
  const { socket, received } = open(app);
  socket.write(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n`);
  await received('"forbidden"');
  const closed = app.close();
  await expect.poll(() => app.server.listening).toBe(false);
  socket.write('0123456789');
  await received();
  await closed;
});

it('does not wait for ever for a request that never ends', async () => {
  const { app } = await listening(undefined, { stopLimits: { withinMs: 50 } });
  const { socket, received } = open(app);
  socket.write(AUTHORIZED_HEAD);
  await send(app, { chunks: [QUESTION] });
  const closed = app.close();
  expect(await received()).toBe('');
  await closed;
});

it('waits for a connection over which nothing came no longer than the grace', async () => {
  const { app } = await listening(undefined, { stopLimits: { graceMs: 50 } });
  const { socket, received } = open(app);
  await once(socket, 'connect');
  await send(app, { chunks: [QUESTION] });
  const closed = app.close();
  expect(await received()).toBe('');
  await closed;
});

/** Of the last answer that came. */
function lastAnswer(text: string) {
  const answer = text.slice(text.lastIndexOf('HTTP/1.1'));
  const connection = /^connection: (.*)\r$/im.exec(answer)?.[1];
  return { status: answer.split(' ')[1], connection, whole: answer.endsWith(']}}') };
}

/** The next connection, on the server's side. */
async function accepted(app: FastifyInstance): Promise<Socket> {
  const [socket] = (await once(app.server, 'connection')) as [Socket];
  return socket;
}

/** Begins to stop; from then on, time passes when the test says so. */
async function beginToStop(app: FastifyInstance): Promise<{ readonly closed: Promise<void> }> {
  const timers = vi.getTimerCount();
  const closed = app.close();
  await expect.poll(() => vi.getTimerCount()).toBe(timers + 1);
  return { closed };
}

describe('a call that comes when the server has begun to stop is answered, and its connection ends with it', () => {
  const ANSWERED = { status: '200', connection: 'close', whole: true };
  const GRACE = 60_000;
  /** `expect.poll` lets some of the time pass, too. */
  const NEARLY = GRACE - 10_000;
  const stopLimits = { graceMs: GRACE };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('over a connection over which nothing has come yet', async () => {
    const { app } = await listening(undefined, { stopLimits });
    const { socket, received } = open(app);
    await accepted(app);
    const { closed } = await beginToStop(app);
    vi.advanceTimersByTime(NEARLY);
    socket.write(CALL);
    expect(lastAnswer(await received())).toEqual(ANSWERED);
    vi.advanceTimersByTime(GRACE);
    await closed;
  });

  it('over a connection that was idle', async () => {
    const { app } = await listening(undefined, { stopLimits });
    const { socket, received } = open(app);
    socket.write(CALL);
    expect(lastAnswer(await received(']}}'))).toMatchObject({ connection: 'keep-alive' });
    const { closed } = await beginToStop(app);
    vi.advanceTimersByTime(NEARLY);
    socket.write(CALL);
    const text = await received();
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(lastAnswer(text)).toEqual(ANSWERED);
    vi.advanceTimersByTime(GRACE);
    await closed;
  });

  it('over one that is opened only now, which gets the same time', async () => {
    const { app } = await listening(undefined, { stopLimits });
    const early = open(app);
    await accepted(app);
    const { closed } = await beginToStop(app);
    vi.advanceTimersByTime(NEARLY);
    const late = open(app);
    await accepted(app);
    vi.advanceTimersByTime(NEARLY);
    expect(await early.received()).toBe('');
    await expect.poll(() => app.server.listening).toBe(false);
    late.socket.write(CALL);
    expect(lastAnswer(await late.received())).toEqual(ANSWERED);
    await closed;
  });

  it.each([
    ['in the middle of a header', AUTHORIZED_HEAD.length - 10],
    ['in the middle of the body', CALL.length - 10],
  ])('when a part of it had come, up to a place %s', async (_, cut) => {
    const { app } = await listening(undefined, { stopLimits });
    const { socket, received } = open(app);
    const connection = accepted(app);
    socket.write(CALL.slice(0, cut));
    await expect.poll(async () => (await connection).bytesRead).toBe(cut);
    const { closed } = await beginToStop(app);
    vi.advanceTimersByTime(2 * GRACE);
    await expect.poll(() => app.server.listening).toBe(false);
    socket.write(CALL.slice(cut));
    expect(lastAnswer(await received())).toEqual(ANSWERED);
    await closed;
  });
});

it('ends at once when no connection is open, however long the grace', async () => {
  const { app } = await listening(undefined, { stopLimits: { graceMs: 600_000 } });
  await app.close();
  expect(app.server.listening).toBe(false);
});

it('answers a call that comes over an open connection; a 503 would freeze its ApplicationSet', async () => {
  const first = gate();
  let calls = 0;
  const { app } = await listening(() => (calls++ === 0 ? first.answer() : FRESH));
  const { socket, received } = open(app);
  socket.write(CALL);
  await first.asked;
  const closing = app.close();
  socket.write(CALL);
  await expect.poll(() => calls).toBe(2);
  first.open();
  const text = await received();
  expect(text.match(/HTTP\/1\.1 \d+/g)?.[0]).toBe('HTTP/1.1 200');
  expect(text).not.toContain('HTTP/1.1 503');
  await closing;
});

it('closes connections that are idle', async () => {
  const { app } = await listening();
  const { socket, received } = open(app);
  socket.write(CALL);
  await received('"output"');
  const ended = once(socket, 'close');
  await app.close();
  socket.resume();
  await ended;
  expect(app.server.listening).toBe(false);
});
