/** The documented example on loopback: a GitHub and a registry, and the plugin before them. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { createLogger } from '../../log/logger.ts';
import { parseReference } from '../../image/reference.ts';
import { createGitHubServer, type DemoRun } from './github-server.ts';
import { createRegistryServer, type DemoRegistry } from './registry-server.ts';
import { parsePlatform } from '../../image/platform.ts';
import { composeService, type Service } from '../../compose/service.ts';

export interface DemoWorld {
  /** `http://127.0.0.1:PORT` of the plugin. */
  readonly url: string;
  readonly token: string;
  readonly config: Config;
  readonly service: Service;
  readonly registry: DemoRegistry;
  /**
   * CI has built a commit: a finished run, and, if it was green, both images in the registry.
   * @returns the images' digests by name; of a red build none
   */
  build(build: DemoBuild): Readonly<Record<string, string>>;
  /** Lets time pass, so that the plugin asks upstream anew. */
  pass(seconds: number): void;
  stop(): Promise<void>;
}

export interface DemoBuild extends Pick<DemoRun, 'branch' | 'commit' | 'conclusion'> {
  readonly minutesAgo: number;
}

/** It guards nothing but servers on loopback that end with the demo. */
const TOKEN = 'demo-token';
const TOKEN_VARIABLE = 'GREENPIN_DEMO_TOKEN';
const IMAGES = ['front', 'back'] as const;
const FIRST_RUN = 29_000_000_411;

/**
 * @param port of the plugin; 0: any that is free
 * @throws ConfigError when the port is taken
 */
export async function createDemoWorld(port: number, version: string): Promise<DemoWorld> {
  const runs: DemoRun[] = [];
  const registry = createRegistryServer();
  const github = createGitHubServer(runs);
  const closeUpstreams = () => Promise.all([close(github), close(registry.server)]);
  const [githubHost, registryHost] = await Promise.all([listen(github), listen(registry.server)]);
  const env = { [TOKEN_VARIABLE]: TOKEN };
  const readFile = () => describeConfig(githubHost, registryHost, port);
  const config = loadConfig({ file: 'the demo', readFile, env, parseReference, parsePlatform });

  let passed = 0;
  const now = () => Date.now() + passed;
  const stopping = new AbortController();
  const logger = createLogger('silent');
  const service = composeService(config, { env, now, logger, version, stopping: stopping.signal });
  const { server: url } = await service.start().catch(async (error: unknown) => {
    await closeUpstreams();
    throw error;
  });
  return {
    url,
    token: TOKEN,
    config,
    service,
    registry,
    build({ minutesAgo, ...run }) {
      const createdAt = now() - minutesAgo * 60_000 - 90_000;
      runs.push({ id: FIRST_RUN + runs.length, createdAt, ...run });
      const tag = `sha-${run.commit.slice(0, 7)}`;
      const pushed = run.conclusion === 'success' ? IMAGES : [];
      return Object.fromEntries(pushed.map((name) => [name, registry.push(`acme/shop-${name}`, tag)]));
    },
    pass(seconds) {
      passed += seconds * 1000;
    },
    async stop() {
      stopping.abort();
      await service.stop();
      await closeUpstreams();
    },
  };
}

function describeConfig(githubHost: string, registryHost: string, port: number): string {
  return `server: {host: 127.0.0.1, port: ${port}, tokenEnv: ${TOKEN_VARIABLE}}
management: {host: 127.0.0.1, port: 0}
store: {kind: memory}
connections:
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
