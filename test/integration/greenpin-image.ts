/** Greenpin's image, as its Dockerfile says, and containers of it. */
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildImage, provideBaseImages } from './base-images.ts';
import type { CliBed } from './cli-bed.ts';
import { docker, tryDocker, type DockerResult } from './docker.ts';

const LOG_TIMEOUT_MS = 30_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const BUILD_ARGS = { VERSION: '1.2.3', REVISION: 'c0ffee', CREATED: '2026-01-02T03:04:05Z' };

/** What Kubernetes' restricted Pod Security Standard, and a file system that is read-only, leave to a container. */
export const HARDENED = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges'];

export interface GreenpinImage extends AsyncDisposable {
  readonly name: string;
  /** One command in a container of its own, in the host's network. */
  run(options: readonly string[], ...args: readonly string[]): Promise<DockerResult>;
  /** A container that goes on running. */
  start(options: readonly string[], ...args: readonly string[]): Promise<RunningContainer>;
  /** Evaluates an expression in the image's Node, and reads its value, which is JSON. */
  evaluate(script: string): Promise<unknown>;
}

export interface RunningContainer extends AsyncDisposable {
  readonly id: string;
  logs(): Promise<string>;
  /** @returns the log, once it fits */
  logged(pattern: RegExp): Promise<string>;
}

/** Of loopback: no test talks to anything else. */
export const HOST_NETWORK = '--network=host';

/** @returns the image, built anew; layers that are as before come from the engine's cache */
export async function buildGreenpinImage(): Promise<GreenpinImage> {
  await provideBaseImages();
  const name = `greenpin-test/greenpin:${randomBytes(6).toString('hex')}`;
  const context = copyPrivately();
  try {
    await buildImage(context, name, { buildargs: BUILD_ARGS });
  } finally {
    rmSync(context, { recursive: true });
  }
  const run: GreenpinImage['run'] = (options, ...args) =>
    tryDocker('run', '--rm', HOST_NETWORK, ...options, name, ...args);
  return {
    name,
    run,
    async start(options, ...args) {
      return watch(await docker('run', '--detach', ...options, name, ...args));
    },
    async evaluate(script) {
      const { stdout, stderr } = await run(['--entrypoint=/nodejs/bin/node'], '--eval', script);
      if (stderr !== '') throw new Error(stderr);
      return JSON.parse(stdout);
    },
    async [Symbol.asyncDispose]() {
      await docker('image', 'rm', name);
    },
  };
}

/** What the Dockerfile copies, as a checkout with umask 077 has it: the image's user must be able to read all of it even then. */
function copyPrivately(): string {
  const context = mkdtempSync(join(tmpdir(), 'greenpin-context-'));
  const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
  const copied = [...ignore.matchAll(/^!(.+)$/gm)].map(([, path = '']) => path);
  for (const path of ['.dockerignore', 'Dockerfile', ...copied])
    cpSync(join(ROOT, path), join(context, path), { recursive: true });
  for (const entry of readdirSync(context, { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
  return context;
}

function watch(id: string): RunningContainer {
  const logs = async () => {
    const { stdout, stderr } = await tryDocker('logs', id);
    return stdout + stderr;
  };
  return {
    id,
    logs,
    async logged(pattern) {
      for (const end = Date.now() + LOG_TIMEOUT_MS; Date.now() < end; await delay(100)) {
        const running = await docker('inspect', '--format={{.State.Running}}', id);
        const log = await logs();
        if (pattern.test(log)) return log;
        if (running === 'false') break;
      }
      throw new Error(`${pattern} was not written, but: ${await logs()}`);
    },
    async [Symbol.asyncDispose]() {
      await docker('rm', '--force', '--volumes', id);
    },
  };
}

/** The bed's configuration and secrets, where the image looks for them; readable for whatever user it runs as. */
export function mountBed({ folder }: CliBed): string {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isFile()) chmodSync(join(folder, entry.name), 0o644);
  return `--volume=${folder}:/etc/greenpin:ro`;
}
