/** What the chart's tests need beside Node: helm and the validator, which `.ci/helm` builds from their Go modules. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CI = join(import.meta.dirname, '../../.ci');

export interface Tools {
  /** Each helm, by its version, the newest first: Helm 4, and Helm 3, which Argo CD renders with. Empty when one is missing. */
  readonly helms: readonly { readonly version: string; readonly command: string }[];
  /** The program of `validator/`; undefined when it is missing. */
  readonly validator: string | undefined;
}

/** @param env may name the cache's folder, as everywhere */
export async function findTools(env: NodeJS.ProcessEnv): Promise<Tools> {
  const kept = join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'greenpin');
  const versions = readFileSync(join(CI, 'helm.version'), 'utf8').trim().split('\n');
  const helms = versions.map((version) => ({ version, command: join(kept, `helm-${version}`, 'helm') }));
  const validator = join(kept, `chart-validator-${validatorVersion()}`, 'validator');
  const there = await Promise.all(helms.map(({ command }) => runs(command)));
  return {
    helms: there.every(Boolean) ? helms : [],
    validator: existsSync(validator) ? validator : undefined,
  };
}

/** As `.ci/helm` computes it: another one whenever the source changes. */
function validatorVersion(): string {
  const folder = join(import.meta.dirname, 'validator');
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).toSorted()) hash.update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

async function runs(command: string): Promise<boolean> {
  try {
    await run(command, ['version']);
    return true;
  } catch {
    return false;
  }
}
