/** README is executed: its commands are run as they are typed, and its tables are held against what the program knows. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { createMetrics } from '../../src/metrics.ts';
import { createFakeGitHub, type FakeGitHub } from '../fixtures/github/fake-github.ts';
import { findFreePort } from '../fixtures/network/free-port.ts';
import { createFakeRegistry, type FakeRegistry } from '../fixtures/registry/fake-registry.ts';
import { imageManifest, LINUX_AMD64 } from '../fixtures/registry/images.ts';

const ROOT = join(import.meta.dirname, '../..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const COMMIT = '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';
const TOKEN = 'a-github-token-of-this-test';

/** Fenced blocks of a language, in order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, text]) => text ?? '',
  );
}
function block(language: string, containing: string): string {
  const found = blocks(language).filter((text) => text.includes(containing));
  expect(found, `README has one ${language} block with ${containing}`).toHaveLength(1);
  return found[0] ?? '';
}

/** Run by .ci/run or by hand, since they take this very test run, or minutes. */
const RUN_BY_CI = new Set([
  'npm ci && npm run demo\n',
  'npm ci && npm test\n',
  'npm run check\n',
  'npm run bench\n',
  'npm run test:argocd\n',
]);
const RUN_HERE = [
  '/dev/urandom',
  '-- check',
  '--branch my-branch\n',
  '-- serve',
  'curl ',
  '-- schema',
  '--number 17',
];
/** What is typed there is held against the chart by test/chart, the image by image.test.ts. */
const NEEDS_A_CLUSTER = /^(kubectl|helm|docker) /;

let github: FakeGitHub;
let registry: FakeRegistry;
let folder: string;
let port: number;

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
  port = await findFreePort();
  folder = createCheckout();
  writeFileSync(join(folder, 'greenpin.yaml'), onLoopback(block('yaml', 'server: { tokenFile: ./token }')));
});
afterAll(async () => {
  await Promise.all([github.close(), registry.close()]);
  github.verify();
  registry.verify();
  rmSync(folder, { recursive: true });
});

/** The checkout with nothing but what the commands need, so that no file is left in the real one. */
function createCheckout(): string {
  const created = mkdtempSync(join(tmpdir(), 'greenpin-readme-'));
  copyFileSync(join(ROOT, 'package.json'), join(created, 'package.json'));
  for (const name of ['src', 'node_modules']) symlinkSync(join(ROOT, name), join(created, name));
  return created;
}

/** The reader's GitHub and registry are ours, and the ports are free ones; nothing else is changed. */
function onLoopback(text: string): string {
  return text
    .replace('kind: github,', `kind: github, url: "${github.url}",`)
    .replaceAll('ghcr.io/', `${registry.host}/`)
    .replace('server: {', `management: { port: 0 }\nserver: { port: ${port},`)
    .replaceAll(/127\.0\.0\.1:4355\b/g, `127.0.0.1:${port}`);
}

function start(command: string): ChildProcess {
  return spawn('bash', ['-c', `set -euo pipefail\n${onLoopback(command)}`], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], GITHUB_TOKEN: TOKEN, NO_COLOR: '1' },
    detached: true,
  });
}

async function run(command: string): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = start(command);
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (data) => (output.stdout += data));
  child.stderr?.on('data', (data) => (output.stderr += data));
  const [status] = (await once(child, 'close')) as [number];
  return { status, ...output };
}

test('every command is run, here or by CI', () => {
  for (const command of blocks('sh')) {
    const known =
      RUN_BY_CI.has(command) ||
      NEEDS_A_CLUSTER.test(command) ||
      RUN_HERE.some((part) => command.includes(part));
    expect(known, command).toBe(true);
  }
});

test('the first screen has the two commands that do all the set-up', () => {
  expect(blocks('sh').slice(0, 2)).toEqual(['npm ci && npm run demo\n', 'npm ci && npm test\n']);
  expect(readme.indexOf('npm ci && npm test')).toBeLessThan(2000);
});

describe('the quick start, as it is typed', () => {
  test('make up a token', async () => {
    expect(await run(block('sh', '/dev/urandom'))).toMatchObject({ status: 0 });
    expect(readFileSync(join(folder, 'token'), 'utf8')).toMatch(/^[\w+/=]{40,}\n$/);
  });

  test('check', async () => {
    const { status, stdout } = await run(block('sh', '-- check'));
    expect(stdout).toContain('acme/shop');
    expect(status, stdout).toBe(0);
  });

  test('resolve a branch', async () => {
    const { status, stdout } = await run(block('sh', '-- resolve --branch my-branch\n'));
    expect(stdout).toContain('digestFront');
    expect(status).toBe(0);
  });

  test.skipIf(!inject('curl').available)('serve, and ask', async () => {
    const served = start(block('sh', '-- serve'));
    try {
      await until(served, 'listening');
      const { status, stdout } = await run(`${block('sh', 'curl ').trimEnd()} --silent --fail-with-body`);
      expect(status, stdout).toBe(0);
      const set = JSON.parse(stdout).output.parameters[0];
      expect(Object.keys(set)).toEqual(Object.keys(JSON.parse(block('json', '"digestBack"'))));
      expect(Object.keys(set.build)).toEqual(Object.keys(JSON.parse(block('json', '"digestBack"')).build));
    } finally {
      process.kill(-(served.pid ?? 0), 'SIGTERM');
      await once(served, 'close');
    }
  });

  test('a preview does not come: resolve with the number', async () => {
    expect(await run(block('sh', '--number 17'))).toMatchObject({ status: 0 });
  });

  test('the schema for the editor', async () => {
    expect(await run(block('sh', '-- schema'))).toMatchObject({ status: 0 });
    expect(JSON.parse(readFileSync(join(folder, 'greenpin.schema.json'), 'utf8'))).toEqual(
      configJsonSchema(),
    );
  });
});

async function until(child: ChildProcess, text: string): Promise<void> {
  let seen = '';
  for await (const data of child.stderr ?? []) {
    seen += String(data);
    if (seen.includes(text)) return;
  }
  throw new Error(`never said ${text}: ${seen}`);
}

describe('what is documented is what there is', () => {
  test('resolve --json', async () => {
    const { stdout } = await run(`${block('sh', '-- resolve --branch my-branch\n').trimEnd()} --json`);
    const documented = JSON.parse(block('json', '"ignoredRuns"'));
    const real = JSON.parse(stdout);
    expect(Object.keys(real)).toEqual(Object.keys(documented));
    expect(Object.keys(real.answer)).toEqual(Object.keys(documented.answer));
    expect(Object.keys(real.builds[0])).toEqual(Object.keys(documented.builds[0]));
    expect(Object.keys(real.builds[0].images.front)).toEqual(Object.keys(documented.builds[0].images.front));
    expect(Object.keys(real.builds[0].runs[0])).toEqual(Object.keys(documented.builds[0].runs[0]));
  });

  test('every key of the configuration has a row', () => {
    const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
    for (const key of leafKeys(configJsonSchema())) {
      expect(
        rows.some((row) => row.split('|')[1]?.includes(`${key}\``)),
        key,
      ).toBe(true);
    }
  });

  test('every metric has a row, and every row a metric', async () => {
    const exposed = (await createMetrics('0').expose()).matchAll(/^# TYPE (greenpin_\w+)/gm);
    const documented = readme.matchAll(/`(greenpin_[a-z_]+)(?:\{[a-z,]+\})?`/g);
    expect(new Set([...documented].map(([, name]) => name))).toEqual(
      new Set([...exposed].map(([, name]) => name)),
    );
  });

  test('the ApplicationSet is the example that is tested with Argo CD', () => {
    const example = readFileSync(join(ROOT, 'docs/examples/previews.yaml'), 'utf8');
    expect(block('yaml', 'kind: ApplicationSet')).toBe(example.replaceAll(/^#.*\n/gm, ''));
  });
});

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** Names of the keys that take a value, the last one of each path: `freshFor`, `tokenEnv`. */
function leafKeys(schema: JsonSchema): string[] {
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const below = typeof schema.additionalProperties === 'object' ? leafKeys(schema.additionalProperties) : [];
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const deeper = leafKeys(value);
    return deeper.length === 0 ? [key] : deeper;
  });
  return [...own, ...below, ...choices.flatMap(leafKeys)];
}
