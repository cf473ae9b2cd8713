/** The documented example on loopback: a GitHub and a registry with two branches, and the plugin before them. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeService, type Service } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { createLogger } from '../logger.ts';
import { createGitHubServer, type DemoRun } from './github-server.ts';
import { createRegistryServer, type DemoRegistry } from './registry-server.ts';

export interface DemoWorld {
  /** `http://127.0.0.1:PORT` of the plugin. */
  readonly url: string;
  readonly token: string;
  readonly config: Config;
  readonly service: Service;
  readonly registry: DemoRegistry;
  /** CI builds a commit: a finished run, and, if it was green, both images in the registry. */
  build(branch: string, commit: string, conclusion: DemoRun['conclusion'], imagesPushed?: boolean): void;
  /** Lets time pass, so that the plugin asks upstream anew. */
  pass(seconds: number): void;
  stop(): Promise<void>;
}

export interface DemoWorldOptions {
  /** 0: any. */
  readonly port: number;
  readonly version: string;
  readonly loadConfig: (file: string) => Config;
}

/** It guards nothing but servers on loopback that end with the demo. */
const TOKEN = 'demo-token';
const IMAGES = ['front', 'back'] as const;

export async function createDemoWorld({ port, version, loadConfig }: DemoWorldOptions): Promise<DemoWorld> {
  const runs: DemoRun[] = [];
  const registry = createRegistryServer();
  const github = createGitHubServer(runs);
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-demo-'));
  const [githubHost, registryHost] = await Promise.all([listen(github), listen(registry.server)]);
  writeFileSync(join(folder, 'token'), `${TOKEN}\n`);
  writeFileSync(join(folder, 'greenpin.yaml'), describeConfig(githubHost, registryHost, port));
  const config = loadConfig(join(folder, 'greenpin.yaml'));

  let passed = 0;
  const now = () => Date.now() + passed;
  const stopping = new AbortController();
  const service = composeService(config, {
    env: {},
    now,
    logger: createLogger('silent'),
    version,
    stopping: stopping.signal,
  });
  const { server } = await service.start();
  return {
    url: server,
    token: TOKEN,
    config,
    service,
    registry,
    build(branch, commit, conclusion, imagesPushed = conclusion === 'success') {
      runs.push({
        id: 29_000_000_000 + runs.length + 1,
        branch,
        commit,
        conclusion,
        createdAt: now() - 90_000 + runs.length,
      });
      if (!imagesPushed) return;
      for (const name of IMAGES) registry.push(`acme/shop-${name}`, `sha-${commit.slice(0, 7)}`);
    },
    pass(seconds) {
      passed += seconds * 1000;
    },
    async stop() {
      stopping.abort();
      await service.stop();
      await Promise.all([close(github), close(registry.server)]);
      rmSync(folder, { recursive: true });
    },
  };
}

function describeConfig(githubHost: string, registryHost: string, port: number): string {
  return `server: {host: 127.0.0.1, port: ${port}, tokenFile: token}
management: {host: 127.0.0.1, port: 0}
ci:
  github: {kind: github, url: "http://${githubHost}"}
projects:
  shop:
    repository: acme/shop
    workflows: [.github/workflows/build.yml]
    images:
${IMAGES.map((name) => `      ${name}: "${registryHost}/acme/shop-${name}:sha-{commit:7}"`).join('\n')}
`;
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
