import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../../../src/cli/program.ts';

function stopSignal(): AbortSignal {
  return new AbortController().signal;
}

async function generate(shell: string): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await runCli(['completion', shell], { env: {}, stdout, stderr, version: '1', stopSignal });
  expect(status).toBe(0);
  return text(stdout.end());
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ['--version']).status === 0;
}

const COMMANDS = 'serve resolve digest check health schema demo completion help';

/** Completes the last word in a real bash. */
function completeInBash(script: string, words: readonly string[]): string {
  const { stdout, stderr } = spawnSync(
    'bash',
    [
      '-c',
      'eval "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _greenpin; echo "${COMPREPLY[*]}"',
      script,
    ].concat(words),
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return stdout.trimEnd();
}

describe.skipIf(!isInstalled('bash'))('bash suggests', () => {
  test.each([
    ['commands', ['greenpin', ''], `${COMMANDS} --help --version`],
    ['commands that begin so', ['greenpin', 're'], 'resolve'],
    [
      'the options of a command, but not hidden ones',
      ['greenpin', 'demo', '--'],
      '--ci --keep --port --help',
    ],
    ['the choices of an option', ['greenpin', 'serve', '--log-level', 'd'], 'debug'],
    ['the same after an equals sign', ['greenpin', 'serve', '--log-level', '=', 'd'], 'debug'],
    ['the choices of an argument', ['greenpin', 'completion', 'z'], 'zsh'],
    ['commands to get help for', ['greenpin', 'help', 'd'], 'digest demo'],
    ['files by itself', ['greenpin', 'check', '-c', ''], ''],
    ['nothing for a free text', ['greenpin', 'resolve', '--number', ''], ''],
    ['nothing for an unknown command', ['greenpin', 'nope', ''], ''],
  ])('%s', async (_what, words, expected) => {
    expect(completeInBash(await generate('bash'), words)).toBe(expected);
  });
});

describe.skipIf(!isInstalled('fish'))('fish suggests', () => {
  test.each([
    ['commands that begin so', 'greenpin che', 'check'],
    ['the options of a command', 'greenpin check --j', '--json'],
    ['the choices of an argument', 'greenpin completion z', 'zsh'],
  ])('%s', async (_what, line, expected) => {
    const load = 'eval "$argv[1]"; complete -C "$argv[2]"';
    const { stdout, stderr } = spawnSync('fish', ['-c', load, await generate('fish'), line], {
      encoding: 'utf8',
    });
    expect([stderr, stdout.split(/[\t\n]/)[0]]).toEqual(['', expected]);
  });
});

describe.each(['bash', 'zsh', 'fish'])('%s', (shell) => {
  test.skipIf(!isInstalled(shell))('parses its script', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'greenpin-completion-'));
    try {
      const file = join(folder, 'script');
      writeFileSync(file, await generate(shell));
      expect(spawnSync(shell, ['-n', file], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('gets every command, option and choice', async () => {
    const script = await generate(shell);
    for (const word of [...COMMANDS.split(' '), 'log-level', 'docker-config', 'branch', 'silent', 'fish']) {
      expect(script).toContain(word);
    }
  });
});

test('descriptions cannot end a quotation', async () => {
  const zsh = await generate('zsh');
  expect(zsh.replaceAll(String.raw`'\''`, '').split("'").length % 2).toBe(1);
});

test('an unknown shell is a usage error', async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  expect(await runCli(['completion', 'tcsh'], { env: {}, stdout, stderr, version: '1', stopSignal })).toBe(2);
  expect(await text(stderr.end())).toContain('Allowed choices are bash, zsh, fish.');
});
