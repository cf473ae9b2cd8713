/** `greenpin serve` as a process: start, calls, signals, and what keeps it from starting. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { CliProcess } from '../fixtures/cli/process.ts';
import { createCliHarness, type CliHarness } from '../fixtures/cli/harness.ts';

const COMMIT = 'a1'.repeat(20);

interface Listening {
  readonly msg: string;
  readonly version: string;
  readonly config: string;
  readonly server: string;
  readonly management: string;
}

async function listening(served: CliProcess): Promise<Listening> {
  const [line = ''] = (await served.seen('stderr', /"listening".*\n/)).split('\n');
  return JSON.parse(line) as Listening;
}

function call(harness: CliHarness, { server }: Listening, token = harness.token): Promise<Response> {
  return fetch(`${server}/api/v1/getparams.execute`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: '{"input": {"parameters": {"branch": "feature"}}}',
  });
}

test.concurrent('says where it listens, answers, and stops with status 0 on SIGTERM', async () => {
  await using harness = await createCliHarness();
  const { front } = harness.build(COMMIT);
  const served = harness.start(['serve']);
  const addresses = await listening(served);
  expect(addresses).toMatchObject({
    msg: 'listening',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    config: 'greenpin.yaml',
    server: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    management: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
  });
  expect((await fetch(`${addresses.management}/readyz`)).status).toBe(200);
  expect(await (await call(harness, addresses)).json()).toMatchObject({
    output: { parameters: [{ digestFront: front, build: { commit: COMMIT } }] },
  });
  expect((await call(harness, addresses, 'wrong')).status).toBe(403);
  served.child.kill('SIGTERM');
  const { status, stdout, stderr } = await served.ended;
  expect([status, stdout]).toEqual([0, '']);
  expect(stderr.trimEnd().split('\n').at(-1)).toContain('"msg":"stopped"');
  await expect(call(harness, addresses)).rejects.toThrow('fetch failed');
});

test.concurrent(
  'a token that is not there yet: it says so, refuses calls, is not ready, and takes it up',
  async () => {
    await using harness = await createCliHarness();
    harness.build(COMMIT);
    harness.write('token', '\n');
    const served = harness.start(['serve']);
    const log = await served.seen('stderr', /"listening".*\n/);
    expect(log).toMatch(
      /the secret file [^"]*token is empty; every call is refused until Argo CD's token is there/,
    );
    const addresses = JSON.parse(
      log.split('\n').find((line) => line.includes('"listening"')) ?? '',
    ) as Listening;
    expect((await fetch(`${addresses.management}/readyz`)).status).toBe(503);
    expect((await call(harness, addresses)).status).toBe(403);
    harness.write('token', `${harness.token}\n`);
    expect((await call(harness, addresses)).status).toBe(200);
    served.child.kill('SIGTERM');
    await served.ended;
  },
);

test.concurrent('a token that no caller can present: it says so, and is not ready', async () => {
  await using harness = await createCliHarness();
  harness.write('token', `\n${harness.token.slice(1)}\0\n`);
  const served = harness.start(['serve']);
  const log = await served.seen('stderr', /"listening".*\n/);
  const messages = log.split('\n').flatMap((line) => /"msg":"(.*token.*)"/.exec(line)?.[1] ?? []);
  expect(messages).toEqual([
    'server.tokenFile token: line 2: found control characters or invalid UTF-8, expected a token; this line is ignored',
    "server.tokenFile token: found no token that a caller can present; every call is refused until Argo CD's token is there",
  ]);
  const { management } = JSON.parse(
    log.split('\n').find((line) => line.includes('"listening"')) ?? '',
  ) as Listening;
  expect((await fetch(`${management}/readyz`)).status).toBe(503);
  served.child.kill('SIGTERM');
  await served.ended;
});

test.concurrent('a token is exchanged without a gap, and spaces around it are reported once', async () => {
  await using harness = await createCliHarness();
  harness.build(COMMIT);
  const served = harness.start(['serve']);
  const addresses = await listening(served);
  expect((await call(harness, addresses)).status).toBe(200);
  harness.write('token', `new-one \n${harness.token}\n`);
  expect((await call(harness, addresses)).status).toBe(200);
  expect((await call(harness, addresses, 'new-one')).status).toBe(200);
  harness.write('token', 'new-one\n');
  expect((await call(harness, addresses)).status).toBe(403);
  expect((await call(harness, addresses, 'new-one')).status).toBe(200);
  served.child.kill('SIGTERM');
  const { stderr } = await served.ended;
  expect(
    stderr.match(/server\.tokenFile token: line 1: the spaces around the token are ignored/g),
  ).toHaveLength(1);
});

/** Whether this machine has IPv6. */
async function hasIpv6(): Promise<boolean> {
  const server = createServer();
  const outcome = await Promise.race([
    once(server.listen(0, '::'), 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ]);
  server.close();
  return outcome;
}

test.concurrent('listens on every address unless told otherwise, of IPv4 as well as IPv6', async () => {
  await using harness = await createCliHarness();
  harness.build(COMMIT);
  harness.configure({ server: { port: 0, tokenFile: 'token' }, management: { port: 0 } });
  const served = harness.start(['serve']);
  const addresses = await listening(served);
  const ipv6 = await hasIpv6();
  const every = ipv6 ? 'http://[::]:PORT' : 'http://0.0.0.0:PORT';
  expect([addresses.server, addresses.management].map((url) => url.replace(/\d+$/, 'PORT'))).toEqual([
    every,
    every,
  ]);
  for (const host of ['127.0.0.1', ...(ipv6 ? ['[::1]'] : [])]) {
    const at = (url: string) => `http://${host}:${new URL(url).port}`;
    expect((await call(harness, { ...addresses, server: at(addresses.server) })).status).toBe(200);
    expect((await fetch(`${at(addresses.management)}/readyz`)).status).toBe(200);
  }
  harness.write('health.yaml', `management: {port: ${new URL(addresses.management).port}}\n`);
  expect((await harness.run(['health', '--config', 'health.yaml'])).stdout).toBe('healthy\n');
  served.child.kill('SIGTERM');
  const { stderr } = await served.ended;
  expect(stderr.match(/this machine has no IPv6/g) ?? []).toHaveLength(ipv6 ? 0 : 1);
});

test.concurrent(
  'says that it listens on every address of IPv4, if it was told to, and not on loopback',
  async () => {
    await using harness = await createCliHarness();
    const every = { host: '0.0.0.0', port: 0 };
    harness.configure({ server: { ...every, tokenFile: 'token' }, management: every });
    const served = harness.start(['serve']);
    const { server, management } = await listening(served);
    served.child.kill('SIGTERM');
    await served.ended;
    expect([server, management].map((url) => url.replace(/\d+$/, 'PORT'))).toEqual([
      'http://0.0.0.0:PORT',
      'http://0.0.0.0:PORT',
    ]);
  },
);

test.concurrent(
  'what Node.js warns of is a line of the log; that SQLite was experimental is none',
  async () => {
    await using harness = await createCliHarness();
    const warn = `
    process.on('SIGUSR2', () => {
      process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
      process.emitWarning('this is old', 'DeprecationWarning');
    });`;
    const served = harness.start(['serve'], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(warn)}`,
    });
    await listening(served);
    served.child.kill('SIGUSR2');
    await served.seen('stderr', /this is old.*\n/);
    served.child.kill('SIGTERM');
    const { stderr } = await served.ended;
    const lines = stderr.trimEnd().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages.filter((message) => message.startsWith('Node.js'))).toEqual([
      'Node.js warns: DeprecationWarning: this is old',
    ]);
  },
);

/** Not by `expect.poll`: it never ends when another test of the file does so meanwhile. */
function requested({ github }: CliHarness): Promise<void> {
  return vi.waitFor(
    () => {
      if (github.requests.length === 0) throw new Error('CI was not asked');
    },
    { timeout: 60_000 },
  );
}

test.concurrent.each(['SIGTERM', 'SIGINT'] as const)(
  'answers the call in flight before it ends by %s',
  async (signal) => {
    await using harness = await createCliHarness();
    harness.build(COMMIT);
    const stopping = Promise.withResolvers<undefined>();
    harness.github.fault({ kind: 'wait', until: stopping.promise });
    const served = harness.start(['serve']);
    const answer = call(harness, await listening(served));
    await requested(harness);
    served.child.kill(signal);
    await served.seen('stderr', /"stopping/);
    stopping.resolve(undefined);
    expect((await answer).status).toBe(200);
    expect((await served.ended).status).toBe(0);
  },
);

test.concurrent('ends at once by a second signal, however long an upstream takes', async () => {
  await using harness = await createCliHarness();
  harness.configure({ server: { host: '127.0.0.1', port: 0, tokenFile: 'token', deadline: '1h' } });
  harness.github.fault({ kind: 'hang' });
  const served = harness.start(['serve']);
  const answer = call(harness, await listening(served)).catch((error: unknown) => error);
  await requested(harness);
  served.child.kill('SIGINT');
  await served.seen('stderr', /"stopping/);
  served.child.kill('SIGINT');
  expect((await served.ended).status).toBe(130);
  expect(await answer).toBeInstanceOf(Error);
});

test.concurrent(
  'under npm, which hands on the Ctrl-C that the terminal has sent to both, it stops in order',
  async () => {
    await using harness = await createCliHarness();
    harness.build(COMMIT);
    const stopping = Promise.withResolvers<undefined>();
    harness.github.fault({ kind: 'wait', until: stopping.promise });
    const served = harness.start(['serve'], { npm_lifecycle_event: 'greenpin' });
    const answer = call(harness, await listening(served));
    await requested(harness);
    served.child.kill('SIGINT');
    await served.seen('stderr', /"stopping/);
    served.child.kill('SIGINT');
    stopping.resolve(undefined);
    expect((await answer).status).toBe(200);
    const { status, stderr } = await served.ended;
    expect(status).toBe(0);
    expect(stderr).toContain('"msg":"stopped"');
  },
);

async function refusal(harness: CliHarness): Promise<string[]> {
  const { status, stdout, stderr } = await harness.run(['serve', '--config', 'greenpin.yaml']);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).not.toMatch(/\n\s+at /);
  return stderr.trimEnd().split('\n');
}

describe('does not start, with exit status 2 and one line a problem, when', () => {
  test.concurrent('both ports are taken', async () => {
    await using harness = await createCliHarness();
    const taken = [createServer(), createServer()];
    const [port, other] = await Promise.all(
      taken.map(async (server) => {
        await once(server.listen(0, '127.0.0.1'), 'listening');
        return (server.address() as AddressInfo).port;
      }),
    );
    const server = { host: '127.0.0.1', port, tokenFile: 'token' };
    harness.configure({ server, management: { host: '127.0.0.1', port: other } });
    expect(await refusal(harness)).toEqual([
      `greenpin: server.port: found another process at 127.0.0.1:${port}, expected a free one`,
      `greenpin: management.port: found another process at 127.0.0.1:${other}, expected a free one`,
    ]);
    for (const each of taken) each.close();
  });

  test.concurrent('one port is taken: the other one is given up', async () => {
    await using harness = await createCliHarness();
    const { port } = new URL(harness.github.url);
    harness.configure({ server: { host: '127.0.0.1', port: Number(port), tokenFile: 'token' } });
    expect(await refusal(harness)).toEqual([
      `greenpin: server.port: found another process at 127.0.0.1:${port}, expected a free one`,
    ]);
  });

  test.concurrent('the files of secrets are not there', async () => {
    await using harness = await createCliHarness();
    for (const name of ['token', 'github']) rmSync(join(harness.folder, name));
    expect(await refusal(harness)).toEqual([
      'greenpin: greenpin.yaml server.tokenFile: found nothing at "token", expected a file',
      'greenpin: greenpin.yaml connections.github.tokenFile: found nothing at "github", expected a file',
    ]);
  });

  test.concurrent('the configuration that GREENPIN_CONFIG names is not valid', async () => {
    await using harness = await createCliHarness();
    harness.write('other.yaml', 'connections: {github: {kind: teamcity}}\nserver: {port: high}\n');
    const problems = [
      expect.stringMatching(/^greenpin: other\.yaml:1:1 projects: found nothing, expected /),
      expect.stringMatching(
        /^greenpin: other\.yaml:1:\d+ connections\.github\.kind: found "teamcity", expected /,
      ),
      expect.stringMatching(/^greenpin: other\.yaml:2:\d+ server\.port: found "high", expected /),
    ];
    const { status, stdout, stderr } = await harness.run(['serve'], { GREENPIN_CONFIG: 'other.yaml' });
    expect([status, stdout, stderr.trimEnd().split('\n')]).toEqual([2, '', problems]);
  });
});
