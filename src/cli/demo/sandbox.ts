/** The documented example on loopback: Greenpin between a fake CI and a fake registry. */
import { composeService, type Service } from '../../compose/service.ts';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { createLogger } from '../../log/logger.ts';
import { FAKE_CIS, type FakeCi, type FakeCiKind } from './fake-ci.ts';
import {
  createImage,
  createJsonBlob,
  createRegistryError,
  pushImage,
  readManifest,
  type ImageRepositories,
} from './image-store.ts';
import { listenOnLoopback, sendReply } from './loopback-server.ts';

export interface DemoSandbox {
  /** Greenpin's URL: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly token: string;
  /** Of the fake CI, for people: `GitHub`. */
  readonly ciTitle: string;
  readonly config: Config;
  readonly service: Service;
  readonly registry: Awaited<ReturnType<typeof serveRegistry>>;
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

/** Protects nothing but servers on loopback that end with the demo. */
const TOKEN = 'demo-token';
const TOKEN_VARIABLE = 'GREENPIN_DEMO_TOKEN';
const IMAGES = ['front', 'back'] as const;
const IMAGE_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/**
 * @param port Greenpin's; 0: any free one
 * @throws ConfigError when the port is taken
 */
export async function createDemoSandbox(
  port: number,
  version: string,
  kind: FakeCiKind = 'github',
): Promise<DemoSandbox> {
  let passed = 0;
  const now = () => Date.now() + passed;
  const [ci, registry] = await Promise.all([FAKE_CIS[kind](now), serveRegistry()]);
  const env = { [TOKEN_VARIABLE]: TOKEN };
  const readFile = () => describeConfig(ci, registry.host, port);
  const config = loadConfig({ file: 'the demo', readFile, env });

  const stopping = new AbortController();
  const logger = createLogger('silent');
  const service = composeService(config, { env, now, logger, version, stopping: stopping.signal });
  const stop = async () => {
    stopping.abort();
    await service.stop();
    await Promise.all([ci.close(), registry.close()]);
  };
  const { server: url } = await service.start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url,
    token: TOKEN,
    ciTitle: ci.title,
    config,
    service,
    registry,
    build({ minutesAgo, branch, commit, conclusion }) {
      ci.add({ branch, commit, conclusion, startedAt: now() - minutesAgo * 60_000 - 30_000 });
      const tag = ci.tag.replace(/\{commit:(\d)\}/, (_, digits) => commit.slice(0, Number(digits)));
      const pushed = conclusion === 'success' ? IMAGES : [];
      return Object.fromEntries(pushed.map((name) => [name, registry.push(`acme/shop-${name}`, tag)]));
    },
    pass: (seconds) => void (passed += seconds * 1000),
    stop,
  };
}

async function serveRegistry() {
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
    /** @returns the digest */
    push(name: string, tag: string): string {
      const config = createJsonBlob('application/vnd.oci.image.config.v1+json', { name, tag });
      const layer = createJsonBlob('application/vnd.oci.image.layer.v1.tar', {});
      return pushImage(images, name, tag, createImage(IMAGE_TYPE, config, layer));
    },
    /** Answers every request with 503 until `restore`. */
    breakDown: () => void (isDown = true),
    restore: () => void (isDown = false),
  };
}

function describeConfig({ config, tag }: FakeCi, registryHost: string, port: number): string {
  return `server: {host: 127.0.0.1, port: ${port}, tokenEnv: ${TOKEN_VARIABLE}}
management: {host: 127.0.0.1, port: 0}
store: {kind: memory}
${config.join('\n')}
    images:
${IMAGES.map((name) => `      ${name}: "${registryHost}/acme/shop-${name}:${tag}"`).join('\n')}
`;
}
