/** What only a real connection shows. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../../../src/http/authenticate.ts';
import { body, FRESH, PATH, send } from '../../fixtures/http/test-app.ts';
import {
  AUTHORIZED_HEAD,
  CALL,
  gate,
  keepAlive,
  listening,
  open,
  QUESTION,
} from '../../fixtures/http/test-connection.ts';

const MEBIBYTE = 1024 * 1024;

/** A question of so many bytes. */
function padded(bytes: number): string {
  const title = 'x'.repeat(bytes - QUESTION.length - ',"title":""'.length);
  return body({ project: 'shop', branch: 'b', title });
}

describe('the body limit of 1 MiB', () => {
  it('lets 1 MiB through, in one piece or in chunks', async () => {
    const { app } = await listening();
    const largest = padded(MEBIBYTE);
    expect(Buffer.byteLength(largest)).toBe(MEBIBYTE);
    const chunked = { chunks: [largest.slice(0, 1000), largest.slice(1000)] };
    expect(await send(app, { chunks: [largest] })).toMatchObject({ status: 200 });
    expect(await send(app, chunked)).toMatchObject({ status: 200 });
  });

  it.each([
    ['declares a byte more', [padded(MEBIBYTE + 1)]],
    ['sends a byte more in chunks', [padded(MEBIBYTE), ' ']],
    ['sends much more in chunks', Array.from({ length: 40 }, () => 'x'.repeat(MEBIBYTE / 4))],
    ['declares much more and sends it', ['x'.repeat(10 * MEBIBYTE)]],
  ])('answers 413 to a client that %s, and the client gets it', async (_case, chunks) => {
    const { app, asked } = await listening();
    const { status, text } = await send(app, { chunks });
    expect([status, JSON.parse(text)]).toMatchObject([413, { error: 'payload_too_large' }]);
    expect(asked).toEqual([]);
  });

  const rest = 'x'.repeat(4 * MEBIBYTE);
  it.each([
    ['a declared length', `Content-Length: ${rest.length}\r\n\r\n${rest}`],
    ['chunks', `Transfer-Encoding: chunked\r\n\r\n${rest.length.toString(16)}\r\n${rest}\r\n0\r\n\r\n`],
  ])('leaves the connection usable, after %s', async (_case, sent) => {
    const { app } = await listening();
    const { socket, received } = open(app);
    socket.write(`${AUTHORIZED_HEAD}${sent}`);
    await received('"payload_too_large"');
    socket.write(CALL);
    expect(await received('"output"')).toContain('HTTP/1.1 200 OK');
  });
});

describe('authentication', () => {
  it('refuses on the headers alone: not a byte of the body is awaited', async () => {
    const { app } = await listening();
    const { socket, received } = open(app);
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\nContent-Length: 99999999999\r\n\r\n`,
    );
    const answer = await received('"forbidden"');
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('refuses a wrong token with a body of any size, and the client gets the answer', async () => {
    const { app } = await listening();
    const headers = { authorization: 'Bearer wrong' };
    expect(await send(app, { headers, chunks: ['x'.repeat(5 * MEBIBYTE)] })).toMatchObject({ status: 403 });
  });

  it('knows a token that is not ASCII, as curl sends it', async () => {
    const { app } = await listening(undefined, { authenticator: new Authenticator(() => 'größe') });
    const headers = { authorization: `Bearer ${Buffer.from('größe').toString('latin1')}` };
    expect(await send(app, { headers, chunks: [Buffer.from(QUESTION)] })).toMatchObject({ status: 200 });
  });
});

describe('what is not quite HTTP', () => {
  it.each([
    ['nonsense', 'nonsense\r\n\r\n', '400 Bad Request'],
    ['a header without a colon', `GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n`, '400 Bad Request'],
    ['headers without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, '431 '],
  ])('%s is refused in the documented shape', async (_case, sent, status) => {
    const { app } = await listening();
    const { socket, received } = open(app);
    socket.write(sent);
    const [head, text] = (await received()).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
    expect(text).toContain('{"error":"invalid_request","message":"');
  });

  it.each([
    ['headers', `POST ${PATH} HTTP/1.1\r\nHost: x\r\n`],
    ['a body', `${AUTHORIZED_HEAD}Content-Length: 100\r\n\r\n{`],
  ])('%s that do not arrive in time end the connection with a 408', async (_case, sent) => {
    const { app } = await listening(undefined, { requestTimeoutMs: 50 });
    const { socket, received } = open(app);
    socket.write(sent);
    expect(await received()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('a body that breaks off asks nothing and breaks nothing', async () => {
    const { app, asked, lines } = await listening();
    const { socket } = open(app);
    socket.write(`${AUTHORIZED_HEAD}Content-Length: 100\r\n\r\n{`, () => socket.destroy());
    await expect.poll(() => lines).toMatchObject([{ outcome: 'invalid_request' }]);
    expect(asked).toEqual([]);
    expect(await send(app, { chunks: [QUESTION] })).toMatchObject({ status: 200 });
  });

  it('a client that leaves before the answer breaks nothing', async () => {
    const { answer, asked, open: openGate } = gate();
    const { app, called } = await listening(answer);
    const { socket } = open(app);
    socket.write(CALL);
    await asked;
    const gone = once(socket, 'close');
    socket.destroy();
    await gone;
    openGate();
    expect(await send(app, { chunks: [QUESTION] })).toMatchObject({ status: 200 });
    await app.close();
    expect(called.map(({ outcome }) => outcome)).toEqual(['fresh', 'fresh']);
  });
});

describe('a connection', () => {
  it('is kept longer than the 90 seconds for which Go keeps it idle', async () => {
    const { app } = await listening();
    const { headers } = await send(app, { agent: keepAlive(), chunks: [QUESTION] });
    const seconds = /timeout=(\d+)/.exec(String(headers['keep-alive']))?.[1];
    expect(Number(seconds)).toBeGreaterThan(90);
  });

  it('gets each answer with its length, so that a truncated one is noticed', async () => {
    const { answer, asked, open: openGate } = gate();
    const { app } = await listening(answer);
    const pending = send(app, { chunks: [QUESTION] });
    await asked;
    openGate();
    const { headers, text } = await pending;
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(text).toBe(FRESH.kind === 'answered' && FRESH.body);
  });
});
