/** The plugin as it is served, before a GitHub and a registry that are late; each a process of its own. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';

/** Milliseconds by which each answer of CI and the registry is late. */
export const LATENCY = 50;
const TOKEN = 'bench-token';
const IMAGES = ['front', 'back'];

export interface PluginBedOptions {
  readonly branches: number;
  /** Names, which are also those of their Git repositories. */
  readonly projects: readonly string[];
}

export interface Counts {
  readonly ci: number;
  /** 304: free of quota. */
  readonly free: number;
  readonly registry: number;
}

export interface PluginBed {
  readonly upstreamUrl: string;
  readonly agent: Agent;
  readonly images: readonly string[];
  /** Asks as Argo CD does. Throws unless the digests are answered. */
  call(parameters: Readonly<Record<string, unknown>>): Promise<void>;
  /** Calls upstream so far. */
  counts(): Promise<Counts>;
  /** CI builds the n-th branch anew. */
  build(branch: number): Promise<void>;
  /** Time goes by for the plugin. */
  pass(milliseconds: number): Promise<void>;
  /** Bytes that the plugin's heap holds after a collection. */
  memory(): Promise<number>;
  stop(): void;
}

/** Both processes run when it resolves. */
export async function createPluginBed({ branches, projects }: PluginBedOptions): Promise<PluginBed> {
  const upstream = fork(new URL('./upstream-server.ts', import.meta.url), [
    String(branches),
    String(LATENCY),
  ]);
  const [port] = (await once(upstream, 'message')) as [number];
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-bench-'));
  writeFileSync(join(folder, 'token'), TOKEN);
  const file = join(folder, 'greenpin.yaml');
  writeFileSync(file, describeConfig(port, projects));
  const plugin = fork(new URL('./plugin-server.ts', import.meta.url), [file], { execArgv: ['--expose-gc'] });
  const [pluginUrl] = (await once(plugin, 'message')) as [string];
  const agent = new Agent();
  return {
    upstreamUrl: `http://127.0.0.1:${port}`,
    agent,
    images: IMAGES,
    async call(parameters) {
      const { statusCode, body } = await request(`${pluginUrl}/api/v1/getparams.execute`, {
        dispatcher: agent,
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ input: { parameters } }),
      });
      const text = await body.text();
      if (statusCode !== 200 || !text.includes('digestFront')) throw new Error(`HTTP ${statusCode}: ${text}`);
    },
    counts: () => ask<Counts>(upstream, { kind: 'counts' }),
    build: (branch) => ask(upstream, { kind: 'build', branch }),
    pass: (milliseconds) => ask(plugin, { kind: 'pass', milliseconds }),
    memory: () => ask<number>(plugin, { kind: 'memory' }),
    stop() {
      upstream.disconnect();
      plugin.disconnect();
      rmSync(folder, { recursive: true });
    },
  };
}

function describeConfig(port: number, projects: readonly string[]): string {
  const project = (name: string) => `
  ${name}:
    repository: acme/${name}
    workflows: [.github/workflows/build.yml]
    images: {${IMAGES.map((image) => `${image}: "127.0.0.1:${port}/acme/${name}-${image}:sha-{commit:7}"`).join(', ')}}`;
  return `server: {host: 127.0.0.1, port: 0, tokenFile: token}
management: {host: 127.0.0.1, port: 0}
store: {kind: memory}
connections: {github: {kind: github, url: "http://127.0.0.1:${port}"}}
projects:${projects.map(project).join('')}
`;
}

async function ask<Answer>(child: ChildProcess, order: object): Promise<Answer> {
  child.send(order);
  const [answer] = (await once(child, 'message')) as [Answer];
  return answer;
}
