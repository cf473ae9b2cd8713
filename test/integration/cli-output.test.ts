/** Where the output goes, and what happens when it cannot go there. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { runCli } from '../fixtures/cli/process.ts';
import { createCliHarness } from '../fixtures/cli/harness.ts';

const COMMIT = 'a1'.repeat(20);

describe('a reader that stops reading is not a fault:', () => {
  test.concurrent('the status is still the command’s own', async () => {
    await using harness = await createCliHarness();
    const started = harness.start(['resolve', '--branch', 'feature']);
    started.child.stdout?.destroy();
    expect(await started.ended).toMatchObject({ status: 3, stderr: '' });
  });

  test.concurrent('and a command that would run forever ends', async () => {
    await using harness = await createCliHarness();
    const started = harness.start(['demo', '--keep', '--port', '0']);
    started.child.stdout?.destroy();
    expect(await started.ended).toMatchObject({ status: 0, stderr: '' });
  });

  test.concurrent('nor is one that has no interest in diagnostics', async () => {
    await using harness = await createCliHarness({ open: true });
    const digests = harness.build(COMMIT);
    const image = `${harness.registry.host}/acme/shop-front:sha-a1a1a1a`;
    const started = harness.start(['digest', 'Not:Valid', image]);
    started.child.stderr?.destroy();
    expect(await started.ended).toMatchObject({ status: 2, stdout: `${image} ${digests['front']}\n` });
  });
});

const FULL = '/dev/full';

test('a full disk is one line on stderr, and exit status 1', { skip: !existsSync(FULL) }, async () => {
  const stdout = openSync(FULL, 'w');
  const { status, stderr } = await runCli(['schema'], { cwd: tmpdir(), stdout });
  closeSync(stdout);
  expect([status, stderr]).toEqual([1, 'greenpin: cannot write the result (ENOSPC)\n']);
});

test.concurrent('colours stay out of a pipe, whatever the environment wants', async () => {
  await using harness = await createCliHarness();
  harness.build(COMMIT);
  const { stdout } = await harness.run(['check'], {
    FORCE_COLOR: '3',
    CLICOLOR_FORCE: '1',
    TERM: 'xterm-256color',
  });
  expect(stdout).toContain('ok ');
  expect(stdout).not.toContain('\u001b');
});

/** Runs before the program. */
function importing(script: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

test.concurrent('a Node.js that is too old: one line, exit status 2', async () => {
  const old =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });";
  const result = await runCli(['--help'], { cwd: tmpdir(), env: importing(old) });
  const stderr = expect.stringMatching(/^greenpin needs Node\.js \d+\.\d+ or newer; this is 20\.20\.2\n$/);
  expect(result).toEqual({ status: 2, stdout: '', stderr });
});

test.concurrent(
  'a warning of Node.js is one line; the one about experimental SQLite is dropped',
  async () => {
    const warn = `
    const { write } = process.stdout;
    process.stdout.write = function (...args) {
      process.stdout.write = write;
      process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
      process.emitWarning('this is old', 'DeprecationWarning');
      return write.apply(this, args);
    };`;
    const { stderr } = await runCli(['--version'], { cwd: tmpdir(), env: importing(warn) });
    expect(stderr).toBe('greenpin: Node.js warns: DeprecationWarning: this is old\n');
  },
);
