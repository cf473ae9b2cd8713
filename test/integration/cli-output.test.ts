/** Where the output goes, and what happens when it cannot go there. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { runCli } from '../fixtures/cli-process.ts';
import { createCliBed } from './cli-bed.ts';

const COMMIT = 'a1'.repeat(20);

describe('a reader that has read enough is no fault:', () => {
  test.concurrent('the status is still the command’s own', async () => {
    await using bed = await createCliBed();
    const started = bed.start(['resolve', '--branch', 'feature']);
    started.child.stdout?.destroy();
    expect(await started.ended).toMatchObject({ status: 3, stderr: '' });
  });

  test.concurrent('and a command that would go on for ever ends', async () => {
    await using bed = await createCliBed();
    const started = bed.start(['demo', '--keep', '--port', '0']);
    started.child.stdout?.destroy();
    expect(await started.ended).toMatchObject({ status: 0, stderr: '' });
  });

  test.concurrent('nor is one that has no interest in diagnostics', async () => {
    await using bed = await createCliBed({ open: true });
    const digests = bed.build(COMMIT);
    const image = `${bed.registry.host}/acme/shop-front:sha-a1a1a1a`;
    const started = bed.start(['digest', 'Not:Valid', image]);
    started.child.stderr?.destroy();
    expect(await started.ended).toMatchObject({ status: 2, stdout: `${image} ${digests['front']}\n` });
  });
});

const FULL = '/dev/full';

test('a full disk is one line on stderr, and exit status 1', { skip: !existsSync(FULL) }, async () => {
  const stdout = openSync(FULL, 'w');
  const { status, stderr } = await runCli(['schema'], { cwd: tmpdir(), stdout });
  closeSync(stdout);
  expect([status, stderr]).toEqual([1, 'greenpin: the result cannot be written (ENOSPC)\n']);
});

test.concurrent('colours stay out of a pipe, whatever the environment wants', async () => {
  await using bed = await createCliBed();
  bed.build(COMMIT);
  const { stdout } = await bed.run(['check'], {
    FORCE_COLOR: '3',
    CLICOLOR_FORCE: '1',
    TERM: 'xterm-256color',
  });
  expect(stdout).toContain('ok ');
  expect(stdout).not.toContain('\u001b');
});
