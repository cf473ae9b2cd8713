/** crane, from go-containerregistry: a registry that is not distribution, and a client that is not skopeo. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Availability } from './containers.ts';
import type { RunningRegistry } from './registry-container.ts';
import { findFreePort } from '../fixtures/free-port.ts';

const run = promisify(execFile);

/** What `inject('crane')` gives. */
export type Crane =
  { readonly available: true; readonly command: string } | Exclude<Availability, { available: true }>;

const VERSION = readFileSync(new URL('../../.ci/crane.version', import.meta.url), 'utf8').trim();

/** @returns the one that `.ci/crane` has built, else one that is installed */
export async function findCrane(env: NodeJS.ProcessEnv): Promise<Crane> {
  const cache = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  for (const command of [join(cache, 'greenpin', `crane-${VERSION}`, 'crane'), 'crane']) {
    try {
      await run(command, ['version']);
      return { available: true, command };
    } catch {
      // The next one may be there.
    }
  }
  return { available: false, reason: 'crane is not installed; .ci/crane builds it' };
}

/** @returns the digest that crane states */
export async function craneDigest(crane: Crane, reference: string, ...options: string[]): Promise<string> {
  const { stdout } = await run(commandOf(crane), ['digest', '--insecure', ...options, reference]);
  return stdout.trim();
}

export interface CraneRegistry extends RunningRegistry {
  /** Ends the process and starts another one at the same address, with nothing in it. */
  restart(): Promise<void>;
}

/** An empty registry in a process of its own. */
export async function startCraneRegistry(crane: Crane): Promise<CraneRegistry> {
  const host = `127.0.0.1:${await findFreePort()}`;
  let serving = await serve(commandOf(crane), host);
  const stop = async () => {
    serving.kill();
    await once(serving, 'exit');
  };
  return {
    host,
    stop,
    async restart() {
      await stop();
      serving = await serve(commandOf(crane), host);
    },
  };
}

async function serve(command: string, address: string): Promise<ChildProcess> {
  const child = spawn(command, ['registry', 'serve', '--address', address], { stdio: 'ignore' });
  for (const end = Date.now() + 20_000; Date.now() < end; await delay(20)) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`http://${address}/v2/`).catch(() => undefined);
    if (answer?.status === 200) return child;
  }
  child.kill();
  throw new Error(`crane does not serve a registry at ${address}`);
}

function commandOf(crane: Crane): string {
  if (!crane.available) throw new Error(crane.reason);
  return crane.command;
}
