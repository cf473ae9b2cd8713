/** Finds the tools of the chart's tests, helm and the validator, which `.ci/build-tool` builds. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findToolCache, listBuilds, succeeds } from '../fixtures/built-tool.ts';

export interface Tools {
  /** Helm 4, then Helm 3, which Argo CD renders with. Empty if one is missing. */
  readonly helms: readonly { readonly version: string; readonly command: string }[];
  /** Path of the built `validator/`; undefined if it is missing. */
  readonly validator: string | undefined;
}

/** @param env may set XDG_CACHE_HOME */
export async function findTools(env: NodeJS.ProcessEnv): Promise<Tools> {
  const helms = listBuilds('helm', env);
  const built = await Promise.all(helms.map(({ command }) => succeeds(command, 'version')));
  const validator = join(findToolCache(env), `chart-validator-${hashValidator()}`, 'validator');
  return {
    helms: built.every(Boolean) ? helms : [],
    validator: existsSync(validator) ? validator : undefined,
  };
}

/** Must match the hash in `.ci/build-tool`. */
function hashValidator(): string {
  const folder = join(import.meta.dirname, 'validator');
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).toSorted()) hash.update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}
