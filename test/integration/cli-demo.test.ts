/** `greenpin demo` as a process. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runCli, startCli } from '../fixtures/cli/process.ts';
import { createScriptedServer } from '../fixtures/network/scripted-server.ts';

/** The demo's clock runs while it plays. A fresh answer is at most as old as the default `freshFor`, 15 s. */
const AT_ONCE = String.raw`Age: (?:\d|1[0-5])`;
/** The 30 s that the demo passes, plus the time it takes to play. */
const HALF_A_MINUTE_LATER = String.raw`Age: [34]\d`;

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'greenpin-cli-demo-'));
});
afterAll(() => rmSync(cwd, { recursive: true }));

/** The commands in the demo's output, as a reader would copy them. */
function commandsIn(output: string): string[] {
  return [...output.matchAll(/^(?:\$ )?(curl [\s\S]*?\}\}\}')$/gm)].map(([, command]) => command ?? '');
}

test.concurrent('ends by itself, tells its story on stdout, and leaves nothing behind', async () => {
  const { status, stdout, stderr } = await runCli(['demo'], { cwd, env: { TMPDIR: cwd } });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.match(/^\d\. .*$/gm)).toEqual([
    '1. The newest build of pull request 1 is green. Argo CD asks what to run:',
    '2. The newest build of pull request 2 is red. It keeps the green build before it:',
    '3. CI builds a new commit of pull request 1, and the registry goes down.',
    '4. The registry is back. Pull request 1 moves on to its new build:',
  ]);
  expect(stdout.match(/^HTTP .*$/gm)).toEqual([
    expect.stringMatching(`^HTTP 200, Greenpin-Freshness: fresh, ${AT_ONCE}$`),
    expect.stringMatching(`^HTTP 200, Greenpin-Freshness: fresh, ${AT_ONCE} \\(in short\\)$`),
    expect.stringMatching(`^HTTP 200, Greenpin-Freshness: stale, ${HALF_A_MINUTE_LATER} \\(in short\\)$`),
    'HTTP 502',
    expect.stringMatching(`^HTTP 200, Greenpin-Freshness: fresh, ${AT_ONCE} \\(in short\\)$`),
  ]);
  expect(commandsIn(stdout)).toHaveLength(5);
  expect(stdout.match(/^Why\?/gm)).toHaveLength(3);
  expect(stdout).not.toContain('\u001b');
  expect(readdirSync(cwd)).toEqual([]);
});

test.concurrent('plays GitLab on request, and no CI system that it does not know', async () => {
  const { status, stdout, stderr } = await runCli(['demo', '--ci', 'gitlab'], { cwd });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^A fake GitLab, a fake registry/);
  expect(stdout.match(/^\d\. .*$/gm)).toHaveLength(4);
  const unknown = await runCli(['demo', '--ci', 'cvs'], { cwd });
  expect(unknown).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('github, gitlab') });
});

test.concurrent('is not touched by the surroundings: proxies, tokens, a configuration', async () => {
  const env = {
    HTTP_PROXY: 'http://127.0.0.1:1',
    http_proxy: 'http://127.0.0.1:1',
    GITHUB_TOKEN: 'a-token',
    GREENPIN_CONFIG: '/no/such.yaml',
    NO_COLOR: '1',
  };
  expect(await runCli(['demo', '--config', '/no/such.yaml'], { cwd, env })).toMatchObject({
    status: 0,
    stderr: '',
  });
});

test(
  '--keep goes on until SIGTERM, and every command that was shown can be typed',
  { concurrent: true, skip: !inject('curl').available },
  async () => {
    const demo = startCli(['demo', '--keep', '--port', '0'], { cwd });
    const output = await demo.seen('stdout', /Still running[\s\S]*\}\}\}'\n/);
    const commands = commandsIn(output);
    expect(commands).toHaveLength(6);
    const answers = await Promise.all(
      commands.map(async (command) => (await promisify(execFile)('sh', ['-c', command])).stdout),
    );
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*greenpin-freshness: fresh\r\n/i);
      expect(answer).toContain('"digestFront":"sha256:');
    }
    demo.child.kill('SIGTERM');
    expect(await demo.ended).toMatchObject({ status: 0, stderr: '' });
  },
);

test.concurrent('a port that is taken is a usage error, and ends', async () => {
  await using other = await createScriptedServer();
  const [, port = ''] = other.host.split(':');
  expect(await runCli(['demo', '--port', port], { cwd })).toEqual({
    status: 2,
    stdout: '',
    stderr:
      `greenpin: server.port: found another process at 127.0.0.1:${port}, expected a free one; choose another one with --port\n` +
      'Try greenpin demo --help.\n',
  });
});
