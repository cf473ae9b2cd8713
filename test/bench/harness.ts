/** Runs a tree's `greenpin serve` with a fake GitHub and a fake registry, each in its own process. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { findFreePort } from '../fixtures/network/free-port.ts';
import type { ControlOrder } from './plugin-control.ts';
import type { Tree } from './tree.ts';
import type { Counts, Upstream, UpstreamOptions, UpstreamOrder } from './upstream-server.ts';

/** Default latency of GitHub and the registry, in milliseconds. */
export const LATENCY_MS = 50;
export const TOKEN = 'a-pre-shared-token-of-ordinary-length';
export const IMAGES = ['front', 'back'];
export const PATH = '/api/v1/getparams.execute';
const GITHUB_TOKEN = 'bench-github-token';
const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 2;

export interface HarnessOptions {
  readonly branches: number;
  /** Names of the projects, which are also those of their Git repositories. */
  readonly projects: readonly string[];
  readonly latencyMs?: number;
  /** Greenpin's `freshFor`. */
  readonly freshFor?: string;
}

export interface Harness extends AsyncDisposable {
  /** Greenpin's URL. */
  readonly url: string;
  readonly upstream: Upstream;
  /** Calls Greenpin as Argo CD does. @returns the body. @throws Error if the response has no digests */
  call(parameters: Readonly<Record<string, unknown>>): Promise<string>;
  /** Sends one request to GitHub or the registry directly. */
  readonly callUpstream: (method: 'GET' | 'HEAD', url: string) => Promise<void>;
  counts(): Promise<Counts>;
  /** Adds a new build of a branch. */
  build(repository: string, branch: number): Promise<void>;
  /** Advances Greenpin's clock. */
  pass(milliseconds: number): Promise<void>;
  /** @returns bytes that Greenpin's heap holds after a collection */
  memory(): Promise<number>;
  /** @returns Greenpin's CPU time so far, in microseconds */
  readonly cpu: () => Promise<number>;
}

/** Resolves when Greenpin is ready. */
export async function createHarness(tree: Tree, options: HarnessOptions): Promise<Harness> {
  const { branches, projects, latencyMs = LATENCY_MS } = options;
  const repositories = projects.map((name) => `acme/${name}`);
  const upstreamProcess = fork(new URL('./upstream-server.ts', import.meta.url));
  const upstream = await ask<Upstream>(upstreamProcess, {
    latencyMs,
    token: GITHUB_TOKEN,
    repositories,
    branches,
  } satisfies UpstreamOptions);
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-bench-'));
  const plugin = await startPlugin(tree, folder, upstream, options);
  const agent = new Agent();
  return {
    ...plugin,
    upstream,
    call: (parameters) => call(`${plugin.url}${PATH}`, parameters, agent),
    async callUpstream(method, url) {
      const headers = url.startsWith(upstream.githubUrl) ? { authorization: `Bearer ${GITHUB_TOKEN}` } : {};
      const { body } = await request(url, { method, headers, dispatcher: agent });
      await body.dump();
    },
    counts: () => ask<Counts>(upstreamProcess, {} satisfies UpstreamOrder),
    async build(repository, branch) {
      await ask(upstreamProcess, { build: { repository, branch } } satisfies UpstreamOrder);
    },
    async [Symbol.asyncDispose]() {
      upstreamProcess.disconnect();
      await plugin.stop();
      await agent.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function startPlugin(tree: Tree, folder: string, upstream: Upstream, options: HarnessOptions) {
  const [port, management] = [await findFreePort(), await findFreePort()];
  writeFileSync(join(folder, 'token'), TOKEN);
  writeFileSync(join(folder, 'github'), GITHUB_TOKEN);
  const file = join(folder, 'greenpin.yaml');
  writeFileSync(file, JSON.stringify(describeConfig(tree, upstream, options, { port, management })));
  const control = new URL('./plugin-control.ts', import.meta.url).href;
  const child = fork(tree.main, ['serve', '--config', file], {
    execArgv: ['--expose-gc', '--import', control],
    // Greenpin writes its log, to /dev/null.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await waitUntilReady(child, `http://127.0.0.1:${management}/readyz`);
  return {
    url: `http://127.0.0.1:${port}`,
    async pass(milliseconds: number) {
      await ask(child, { kind: 'pass', milliseconds } satisfies ControlOrder);
    },
    memory: () => ask<number>(child, { kind: 'memory' } satisfies ControlOrder),
    cpu: () => ask<number>(child, { kind: 'cpu' } satisfies ControlOrder),
    async stop() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** @throws Error if the process exits first, or is not ready within 30 s */
export async function waitUntilReady(child: ChildProcess, url: string): Promise<void> {
  const end = performance.now() + READY_TIMEOUT_MS;
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`greenpin serve ended with status ${child.exitCode}`);
    if (performance.now() > end) throw new Error('greenpin serve is not ready');
    await delay(POLL_MS);
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, { reset: true });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

/** JSON is YAML. */
function describeConfig(
  { section }: Tree,
  { githubUrl, registryHost }: Upstream,
  { projects, freshFor = '15s' }: HarnessOptions,
  { port, management }: { readonly port: number; readonly management: number },
): object {
  const describeProject = (name: string) => ({
    repository: `acme/${name}`,
    workflows: ['.github/workflows/build.yml'],
    images: Object.fromEntries(
      IMAGES.map((image) => [image, `${registryHost}/acme/${name}-${image}:sha-{commit:7}`]),
    ),
  });
  return {
    server: { host: '127.0.0.1', port, tokenFile: 'token' },
    management: { host: '127.0.0.1', port: management },
    store: { kind: 'memory' },
    freshFor,
    maxFreshFor: '1h',
    [section]: { github: { kind: 'github', url: githubUrl, tokenFile: 'github' } },
    projects: Object.fromEntries(projects.map((name) => [name, describeProject(name)])),
  };
}

/** The body that Argo CD sends. */
export function createBody(parameters: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ applicationSetName: 'previews', input: { parameters } })}\n`;
}

async function call(
  url: string,
  parameters: Readonly<Record<string, unknown>>,
  dispatcher: Agent,
): Promise<string> {
  const { statusCode, body } = await request(url, {
    dispatcher,
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: createBody(parameters),
  });
  const text = await body.text();
  if (statusCode !== 200 || !text.includes('digestFront')) throw new Error(`HTTP ${statusCode}: ${text}`);
  return text;
}

export async function ask<Answer>(child: ChildProcess, message: object): Promise<Answer> {
  const answered = once(child, 'message') as Promise<[Answer]>;
  child.send(message);
  return (await answered)[0];
}
