/** What SIGTERM does to clients that are in the middle of something, over bare connections to the process. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createCliHarness, type CliHarness } from '../fixtures/cli/harness.ts';

const COMMIT = 'a1'.repeat(20);
const BODY = '{"input": {"parameters": {"branch": "feature"}}}';

async function serve(harness: CliHarness) {
  harness.build(COMMIT);
  const served = harness.start(['serve']);
  const [, port] =
    /"server":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(await served.seen('stderr', /"listening"/)) ?? [];
  const head = `POST /api/v1/getparams.execute HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${harness.token}\r\n`;
  return { served, port: Number(port), call: `${head}Content-Length: ${BODY.length}\r\n\r\n${BODY}` };
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** @returns the process's exit status, and what the client was answered */
async function stopInBetween(harness: CliHarness, sentBefore: number): Promise<[number | null, string]> {
  const { served, port, call } = await serve(harness);
  const [socket, other] = [await connected(port), await connected(port)];
  socket.write(call.slice(0, sentBefore));
  // Over another connection, so that what was written before has been read when this is answered.
  other.write(call);
  await once(other, 'data');
  served.child.kill('SIGTERM');
  await served.seen('stderr', /"stopping/);
  socket.write(call.slice(sentBefore));
  const answer = await text(socket);
  other.destroy();
  return [(await served.ended).status, answer];
}

test.concurrent.each([
  ['half a header', 60],
  ['half of the body', -20],
])(
  'a client that has sent %s when SIGTERM comes is answered, and its connection is closed',
  async (_, sent) => {
    await using harness = await createCliHarness();
    const [status, answer] = await stopInBetween(harness, sent);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(answer).toContain(COMMIT);
    expect(status).toBe(0);
  },
);

test.concurrent('clients that the process has not even noticed when SIGTERM comes are answered', async () => {
  await using harness = await createCliHarness();
  const { served, port, call } = await serve(harness);
  served.child.kill('SIGSTOP');
  const clients = [await connected(port), await connected(port), await connected(port)];
  for (const client of clients) client.write(call);
  served.child.kill('SIGTERM');
  served.child.kill('SIGCONT');
  for (const answer of await Promise.all(clients.map((client) => text(client)))) {
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain(COMMIT);
  }
  expect((await served.ended).status).toBe(0);
});

test.concurrent('a client that never sends anything keeps the process for a moment only', async () => {
  await using harness = await createCliHarness();
  const { served, port } = await serve(harness);
  const socket = await connected(port);
  served.child.kill('SIGTERM');
  expect(await text(socket)).toBe('');
  expect((await served.ended).status).toBe(0);
});
