/** The documented example on loopback: Greenpin between a fake GitHub and a fake registry. */
import { composeService, type Service } from '../../compose/service.ts';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { createLogger } from '../../log/logger.ts';
import { createRun, formatTime, listRuns, type FakeRun } from './workflow-runs.ts';
import {
  createImage,
  createJsonBlob,
  createRegistryError,
  pushImage,
  readManifest,
  type ImageRepositories,
} from './image-store.ts';
import { createJsonReply, listenOnLoopback, sendReply, type LoopbackServer } from './loopback-server.ts';

export interface DemoSandbox {
  /** Greenpin's URL: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly token: string;
  readonly config: Config;
  readonly service: Service;
  readonly registry: DemoRegistry;
  /**
   * CI finishes a build of a commit, and pushes both images if it is green.
   * @returns the images' digests by name; none if the build is red
   */
  build(build: DemoBuild): Readonly<Record<string, string>>;
  /** Moves Greenpin's clock forward, so that it reads from upstream again. */
  pass(seconds: number): void;
  stop(): Promise<void>;
}

export interface DemoBuild {
  readonly branch: string;
  readonly commit: string;
  readonly conclusion: 'success' | 'failure';
  readonly minutesAgo: number;
}

export interface DemoRegistry extends LoopbackServer {
  /** @returns the digest */
  push(name: string, tag: string): string;
  /** Answers every request with 503 until `restore`. */
  breakDown(): void;
  restore(): void;
}

/** Protects nothing but servers on loopback that end with the demo. */
const TOKEN = 'demo-token';
const TOKEN_VARIABLE = 'GREENPIN_DEMO_TOKEN';
const GIT_REPOSITORY = { id: 1, full_name: 'acme/shop' };
const IMAGES = ['front', 'back'] as const;
const FIRST_RUN = 29_000_000_411;
const IMAGE_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/**
 * @param port Greenpin's; 0: any free one
 * @throws ConfigError when the port is taken
 */
export async function createDemoSandbox(port: number, version: string): Promise<DemoSandbox> {
  const runs: FakeRun[] = [];
  const [github, registry] = await Promise.all([serveGitHub(runs), serveRegistry()]);
  const env = { [TOKEN_VARIABLE]: TOKEN };
  const readFile = () => describeConfig(github.host, registry.host, port);
  const config = loadConfig({ file: 'the demo', readFile, env });

  let passed = 0;
  const now = () => Date.now() + passed;
  const stopping = new AbortController();
  const logger = createLogger('silent');
  const service = composeService(config, { env, now, logger, version, stopping: stopping.signal });
  const stop = async () => {
    stopping.abort();
    await service.stop();
    await Promise.all([github.close(), registry.close()]);
  };
  const { server: url } = await service.start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url,
    token: TOKEN,
    config,
    service,
    registry,
    build({ minutesAgo, branch, commit, conclusion }) {
      const created_at = formatTime(now() - minutesAgo * 60_000 - 30_000);
      const given = { head_branch: branch, head_sha: commit, conclusion, created_at };
      runs.push(createRun(GIT_REPOSITORY, FIRST_RUN + runs.length, given));
      const tag = `sha-${commit.slice(0, 7)}`;
      const pushed = conclusion === 'success' ? IMAGES : [];
      return Object.fromEntries(pushed.map((name) => [name, registry.push(`acme/shop-${name}`, tag)]));
    },
    pass(seconds) {
      passed += seconds * 1000;
    },
    stop,
  };
}

/** @param runs read again at each request */
function serveGitHub(runs: readonly FakeRun[]): Promise<LoopbackServer> {
  return listenOnLoopback((request, response) => {
    const url = new URL(request.url ?? '/', 'http://github.demo');
    const known = url.pathname === `/repos/${GIT_REPOSITORY.full_name}/actions/runs`;
    sendReply(response, known ? listRuns(runs, url) : createJsonReply(404, { message: 'Not Found' }));
  });
}

async function serveRegistry(): Promise<DemoRegistry> {
  const images: ImageRepositories = new Map();
  let isDown = false;
  const server = await listenOnLoopback((request, response) => {
    const [, name = '', reference = ''] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(request.url ?? '') ?? [];
    const reply = isDown
      ? createRegistryError(503, 'UNAVAILABLE', { 'retry-after': 5 })
      : readManifest(images, name, reference);
    sendReply(response, reply);
  });
  return {
    ...server,
    push(name, tag) {
      const config = createJsonBlob('application/vnd.oci.image.config.v1+json', { name, tag });
      const layer = createJsonBlob('application/vnd.oci.image.layer.v1.tar', {});
      return pushImage(images, name, tag, createImage(IMAGE_TYPE, config, layer));
    },
    breakDown() {
      isDown = true;
    },
    restore() {
      isDown = false;
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
