/** actionlint, which knows what GitHub Actions would refuse. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Availability } from './containers.ts';

const run = promisify(execFile);

/** What `inject('actionlint')` gives. */
export type Actionlint =
  { readonly available: true; readonly command: string } | Exclude<Availability, { available: true }>;

const VERSION = readFileSync(new URL('../../.ci/actionlint.version', import.meta.url), 'utf8').trim();

/** @returns the one that `.ci/actionlint` has built, else one that is installed */
export async function findActionlint(env: NodeJS.ProcessEnv): Promise<Actionlint> {
  const cache = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  for (const command of [join(cache, 'greenpin', `actionlint-${VERSION}`, 'actionlint'), 'actionlint']) {
    try {
      await run(command, ['-version']);
      return { available: true, command };
    } catch {
      // The next one may be there.
    }
  }
  return { available: false, reason: 'actionlint is not installed; .ci/actionlint builds it' };
}
