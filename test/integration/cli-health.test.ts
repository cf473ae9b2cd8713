/** `greenpin health` as a process: what a container engine is told. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createCliHarness, type CliHarness } from '../fixtures/cli/harness.ts';

/** A port of loopback that answers with this status, or, with none, never does. */
async function listen(status?: number, host = '127.0.0.1') {
  const server = createServer((_, response) => {
    if (status !== undefined) response.writeHead(status).end();
  });
  await once(server.listen(0, host), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function hasIpv6(): Promise<boolean> {
  try {
    await using server = await listen(200, '::1');
    return server.port > 0;
  } catch {
    return false;
  }
}

function ask(harness: CliHarness, management: unknown, env: Readonly<Record<string, string>> = {}) {
  harness.configure({ management });
  return harness.run(['health'], env);
}

const HEALTHY = { status: 0, stdout: 'healthy\n', stderr: '' };

function unhealthy(port: number, found: string) {
  const stderr = `greenpin: http://127.0.0.1:${port}/healthz: found ${found}, expected a running greenpin serve\n`;
  return { status: 1, stdout: '', stderr };
}

test.concurrent('a serve is healthy while it runs, and is not when it has ended', async () => {
  await using harness = await createCliHarness();
  const served = harness.start(['serve']);
  const [, port] =
    /"management":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(await served.seen('stderr', /"listening"/)) ?? [];
  const management = { host: '127.0.0.1', port: Number(port) };
  expect(await ask(harness, management)).toEqual(HEALTHY);
  served.child.kill('SIGTERM');
  await served.ended;
  expect(await ask(harness, management)).toEqual(unhealthy(Number(port), 'nothing listening'));
});

test.concurrent('one that listens on all addresses is asked on loopback, past any proxy', async () => {
  await using harness = await createCliHarness();
  await using server = await listen(200);
  const env = { HTTP_PROXY: 'http://127.0.0.1:1', NODE_USE_ENV_PROXY: '1' };
  expect(await ask(harness, { port: server.port }, env)).toEqual(HEALTHY);
  expect(await ask(harness, { host: '0.0.0.0', port: server.port }, env)).toEqual(HEALTHY);
  expect(await ask(harness, { host: '::', port: server.port }, env)).toEqual(HEALTHY);
});

test.concurrent(
  'one that listens on all addresses is asked over IPv6 if nothing listens on IPv4',
  async ({ skip }) => {
    skip(!(await hasIpv6()), 'this machine has no IPv6');
    await using harness = await createCliHarness();
    await using server = await listen(200, '::1');
    expect(await ask(harness, { port: server.port })).toEqual(HEALTHY);
    const other = await ask(harness, { host: '0.0.0.0', port: server.port });
    expect(other).toEqual(unhealthy(server.port, 'nothing listening'));
  },
);

test.concurrent('without a server, the message lists all addresses that were tried', async () => {
  await using harness = await createCliHarness();
  const { port, ...gone } = await listen(200);
  await gone[Symbol.asyncDispose]();
  const { status, stderr } = await ask(harness, { port });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    new RegExp(
      `^greenpin: http://127\\.0\\.0\\.1:${port}/healthz: found nothing listening; http://\\[::1\\]:${port}/healthz: found [^;]*, expected a running greenpin serve\n$`,
    ),
  );
});

test.concurrent('a server that answers otherwise is not healthy', async () => {
  await using harness = await createCliHarness();
  await using server = await listen(404);
  expect(await ask(harness, { port: server.port })).toEqual(unhealthy(server.port, 'status 404'));
});

test.concurrent('one that does not answer is given up, and is not healthy', async () => {
  await using harness = await createCliHarness();
  await using server = await listen();
  expect(await ask(harness, { port: server.port })).toEqual(unhealthy(server.port, 'no answer in time'));
});

test.concurrent(
  'nothing but the address is looked at: what serve would refuse is not told here',
  async () => {
    await using harness = await createCliHarness();
    await using server = await listen(200);
    harness.write('other.yaml', `management: {port: ${server.port}}\nci: 1\n`);
    expect(await harness.run(['health'], { GREENPIN_CONFIG: 'other.yaml' })).toEqual(HEALTHY);
  },
);

test.concurrent.each([
  { port: 0 },
  { port: 65_536 },
  { port: '9464' },
  { host: 'a b' },
  { host: 1 },
  null,
  [],
])('the address %j cannot be asked, with exit status 2 and one line', async (management) => {
  await using harness = await createCliHarness();
  expect(await ask(harness, management)).toEqual({
    status: 2,
    stdout: '',
    stderr:
      'greenpin: greenpin.yaml management: found an invalid address, expected a host and a port from 1 to 65535\n',
  });
});
