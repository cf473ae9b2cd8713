/**
 * Runs the commands of all pages as a reader types them. Each page is one session in a fresh checkout, with a
 * GitHub and a registry on loopback. A note above a block changes how it is handled:
 *
 *     <!-- file: greenpin.yaml -->       the block is written to this file
 *     <!-- run: until listening -->      the command goes on in the background once it has printed this word
 *     <!-- run: exit 3 -->               the status to expect in place of 0
 *     <!-- not run: needs a cluster -->  the reason why the command cannot be run here
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createFakeGitHub, type FakeGitHub } from '../fixtures/github/fake-github.ts';
import { findFreePort } from '../fixtures/network/free-port.ts';
import { createFakeRegistry, type FakeRegistry } from '../fixtures/registry/fake-registry.ts';
import { imageManifest, LINUX_AMD64 } from '../fixtures/registry/images.ts';
import { readPage, readPages, ROOT, type Block, type Page } from './pages.ts';

const COMMIT = '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';
const RED_COMMIT = '9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c';
const TOKEN = 'a-github-token-of-this-test';
const QUICK_START = 'docs/start/quick-start.md';

/** The chart's tests check the chart's README. */
const pages = readPages().filter(({ path }) => !path.startsWith('charts/'));

let github: FakeGitHub;
let registry: FakeRegistry;
const folders: string[] = [];

beforeAll(async () => {
  github = await createFakeGitHub({ token: TOKEN });
  github.addRun('acme/shop', {
    head_branch: 'my-branch',
    head_sha: COMMIT,
    path: '.github/workflows/build.yml',
  });
  registry = await createFakeRegistry();
  for (const name of ['front', 'back']) {
    registry.push(`acme/shop-${name}`, `sha-${COMMIT}`, imageManifest('oci', LINUX_AMD64, {}));
  }
  const branch = { head_branch: 'feature/login', path: '.github/workflows/build.yml' };
  github.addRun('acme/shop', { ...branch, head_sha: COMMIT });
  github.addRun('acme/shop', { ...branch, head_sha: RED_COMMIT, conclusion: 'failure' });
  github.addPullRequest('acme/shop', 17);
});
afterAll(async () => {
  await Promise.all([github.close(), registry.close()]);
  github.verify();
  registry.verify();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A reader's shell, in a checkout with only what the commands need. */
class Session {
  readonly folder = mkdtempSync(join(tmpdir(), 'greenpin-docs-'));
  readonly #port: number;
  readonly #background: ChildProcess[] = [];

  constructor(port: number) {
    this.#port = port;
    folders.push(this.folder);
    copyFileSync(join(ROOT, 'package.json'), join(this.folder, 'package.json'));
    for (const name of ['src', 'node_modules']) symlinkSync(join(ROOT, name), join(this.folder, name));
    // A page without a configuration uses that of the quick start.
    this.write('greenpin.yaml', findBlock(readPage(QUICK_START), 'yaml', 'server: { tokenFile: ./token }'));
    writeFileSync(join(this.folder, 'token'), 'a-token\n');
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), this.#onLoopback(text));
  }

  async run(command: string): Promise<{ status: number; stdout: string; stderr: string }> {
    const child = this.#start(command);
    const output = { stdout: '', stderr: '' };
    child.stdout?.on('data', (data) => (output.stdout += data));
    child.stderr?.on('data', (data) => (output.stderr += data));
    const [status] = (await once(child, 'close')) as [number];
    return { status, ...output };
  }

  /** Starts a command in the background, and waits until it has printed `text` to stderr. */
  async startUntil(command: string, text: string): Promise<undefined> {
    const child = this.#start(command);
    this.#background.push(child);
    let seen = '';
    for await (const data of child.stderr ?? []) {
      seen += String(data);
      if (seen.includes(text)) return undefined;
    }
    throw new Error(`never printed ${text}: ${seen}`);
  }

  async close(): Promise<void> {
    for (const child of this.#background) {
      const closed = once(child, 'close');
      process.kill(-(child.pid ?? 0), 'SIGTERM');
      await closed;
    }
  }

  #start(command: string): ChildProcess {
    return spawn('bash', ['-c', `set -euo pipefail\n${this.#onLoopback(command)}`], {
      cwd: this.folder,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], GITHUB_TOKEN: TOKEN, NO_COLOR: '1' },
      detached: true,
    });
  }

  /** Replaces only the addresses of GitHub and the registry, and the ports. */
  #onLoopback(text: string): string {
    return text
      .replace('kind: github,', `kind: github, url: "${github.url}",`)
      .replaceAll('ghcr.io/', `${registry.host}/`)
      .replace('server: {', `management: { port: 0 }\nserver: { port: ${this.#port},`)
      .replaceAll(/127\.0\.0\.1:4355\b/g, `127.0.0.1:${this.#port}`);
  }
}

function findBlock({ path, blocks }: Page, language: string, containing: string): string {
  const found = blocks.filter((block) => block.language === language && block.text.includes(containing));
  expect(found, `${path} has one ${language} block with ${containing}`).toHaveLength(1);
  return found[0]?.text ?? '';
}

/** Commands that change a cluster, publish something, or would start these tests again. */
const NEEDS_MORE = /^(?:kubectl|helm|docker|cosign|bash|npx|npm (?:ci|test|run (?!-s greenpin )))/m;

function isCommand({ language }: Block): boolean {
  return language === 'sh';
}

/** Never runs a command that needs more, with or without a note. */
function isRun(block: Block): boolean {
  return isCommand(block) && block.note?.startsWith('not run: ') !== true && !NEEDS_MORE.test(block.text);
}

/** @returns a readable problem, or undefined */
async function follow(session: Session, { text, note = '', place }: Block): Promise<string | undefined> {
  if (note.startsWith('file: ')) session.write(note.slice('file: '.length), text);
  if (note.startsWith('file: ') || (text.startsWith('curl ') && !inject('curl').available)) return undefined;
  const [, word] = /^run: until (.+)$/.exec(note) ?? [];
  if (word !== undefined) return session.startUntil(text, word);
  const { status, stdout, stderr } = await session.run(text);
  const expected = Number(/^run: exit (\d+)$/.exec(note)?.[1] ?? 0);
  return status === expected ? undefined : `${place}: status ${status}\n${stdout}${stderr}`;
}

describe('commands', () => {
  const sessions = pages.filter(({ blocks }) => blocks.some(isRun));

  test.for(sessions)('$path', async ({ blocks }) => {
    const session = new Session(await findFreePort());
    try {
      const steps = blocks.filter((block) => isRun(block) || block.note?.startsWith('file: ') === true);
      for (const step of steps) expect(await follow(session, step)).toBeUndefined();
    } finally {
      await session.close();
    }
  });

  test('a command is run, unless it needs more than this machine and a note says what', () => {
    const commands = pages.flatMap(({ blocks }) => blocks).filter((block) => isCommand(block));
    const wrong = commands.filter(
      ({ text, note }) => NEEDS_MORE.test(text) !== (note?.startsWith('not run: ') === true),
    );
    expect(wrong.map(({ place }) => place)).toEqual([]);
  });

  test('the first screen of README.md has the two commands that do all the set-up', () => {
    const readme = readPage('README.md');
    const commands = readme.blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
    expect(commands.slice(0, 2)).toEqual(['npm ci && npm run demo\n', 'npm ci && npm test\n']);
    expect(readme.text.indexOf('npm ci && npm test')).toBeLessThan(3000);
  });
});

describe('what is shown is what is printed', () => {
  let session: Session;
  beforeAll(async () => {
    session = new Session(await findFreePort());
  });

  async function readJson(command: string): Promise<Shape> {
    const { stdout, stderr } = await session.run(`npm run -s greenpin -- ${command}`);
    expect(stdout, stderr).not.toBe('');
    return JSON.parse(stdout) as Shape;
  }

  test('resolve --json', async () => {
    const documented = findBlock(readPage('docs/reference/resolve-json.md'), 'json', '"ignoredRuns"');
    expect(shape(await readJson('resolve --branch my-branch --json'))).toEqual(shape(JSON.parse(documented)));
  });

  test('check --json', async () => {
    const documented = findBlock(readPage('docs/reference/cli.md'), 'json', '"findings"');
    expect(shape(await readJson('check --json'))).toEqual(shape(JSON.parse(documented)));
  });

  test('digest --json', async () => {
    const documented = findBlock(readPage('docs/reference/cli.md'), 'json', '"kind": "found"');
    const image = `${registry.host}/acme/shop-front:sha-${COMMIT}`;
    expect(shape(await readJson(`digest --json ${image}`))).toEqual(shape(JSON.parse(documented)));
  });

  test('a parameter set', async () => {
    const documented = findBlock(readPage('docs/reference/api.md'), 'json', '"digestBack"');
    const { answer } = (await readJson('resolve --branch my-branch --json')) as {
      answer: { parameters: [Shape] };
    };
    expect(shape(answer.parameters[0])).toEqual(shape(JSON.parse(documented)));
  });

  test('the screen of greenpin resolve in README.md', async () => {
    const documented = findBlock(readPage('README.md'), 'text', 'Builds, newest first');
    const [, command = '', screen = ''] = /^\$ greenpin (.+)\n([\s\S]*)$/.exec(documented) ?? [];
    const { stdout } = await session.run(`npm run -s greenpin -- ${command}`);
    expect(withoutValues(stdout), 'the command and what README.md shows').toBe(withoutValues(screen));
  });
});

type Shape = Readonly<Record<string, unknown>>;

/** The keys of a document at every level; for a list, those of its first element. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? 'string' : undefined;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shape(selectShape(key, each))]));
}

/** User-chosen names, and documents that other pages show. */
function selectShape(key: string, value: unknown): unknown {
  if (key === 'parameters' || key === 'ignoredRuns') return undefined;
  const named = key === 'images' && typeof value === 'object' && value !== null && !Array.isArray(value);
  return named ? Object.values(value)[0] : value;
}

/** Removes what differs between runs: digests, commits, times, hosts and widths. */
function withoutValues(screen: string): string {
  return screen
    .replaceAll(/sha256:[0-9a-f…]+/g, 'DIGEST')
    .replaceAll(/sha-[0-9a-f…]+/g, 'TAG')
    .replaceAll(/\b[0-9a-f]{40}\b/g, 'COMMIT')
    .replaceAll(/\b[0-9a-f]{7}\b/g, 'SHORT')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?/g, 'TIME')
    .replaceAll(/runs\/\d+/g, 'runs/ID')
    .replaceAll(/#\d+/g, '#NUMBER')
    .replaceAll(/(?:127\.0\.0\.1:\d+|ghcr\.io)\//g, 'HOST/')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
