/** What `close()` does with connections, over real ones. */
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { FRESH, PATH, send } from './test-app.ts';
import { AUTHORIZED_HEAD, CALL, gate, keepAlive, listening, open, QUESTION } from './test-connection.ts';

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
  const { app } = await listening(undefined, { stopWithinMs: 50 });
  const { socket, received } = open(app);
  socket.write(AUTHORIZED_HEAD);
  await send(app, { chunks: [QUESTION] });
  const closed = app.close();
  expect(await received()).toBe('');
  await closed;
});

it('does not wait for a connection over which nothing came', async () => {
  const { app } = await listening();
  const { socket, received } = open(app);
  await once(socket, 'connect');
  await send(app, { chunks: [QUESTION] });
  const closed = app.close();
  expect(await received()).toBe('');
  await closed;
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
