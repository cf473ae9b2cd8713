/** Last good answers as JSON. Text from a disk or the network is validated before use. */
import { z } from 'zod';
import type { LastGood } from '../resolve/types.ts';
import { storedCommit, storedDigest } from '../schema/stored.ts';

const time = z.number().finite();

const image = z.object({
  repository: z.string().min(1),
  tag: z.string(),
  digest: storedDigest,
  rule: z.string(),
  commit: storedCommit,
  position: time,
  runs: z.string(),
  target: z.string().optional(),
});

/** Answers stored before builds had a tie-break are all from GitHub, and their tags name `commit`. */
const build = z
  .object({
    ci: z.string(),
    gitRepository: z.string(),
    commit: storedCommit,
    builtCommit: storedCommit.optional(),
    branch: z.string().min(1),
    queueBranch: z.string().min(1).optional(),
    id: z.string(),
    number: z.string(),
    attempt: z.string(),
    url: z.string(),
    event: z.string(),
    finishedAt: time,
    position: time,
    tie: z.string().optional(),
  })
  .transform(({ tie, builtCommit, ...rest }) => ({
    ...rest,
    builtCommit: builtCommit ?? rest.commit,
    tie: tie ?? githubTie(rest.id),
  }));

function githubTie(id: string): string {
  return id.padStart(20, '0');
}

const lastGood = z.object({
  set: z.object({ build, images: z.record(z.string(), image) }),
  confirmedAt: time,
});

export function formatLastGood(value: LastGood): string {
  return JSON.stringify(value);
}

/** @returns undefined unless the text has the form that `formatLastGood` produces */
export function parseLastGood(text: string): LastGood | undefined {
  try {
    return lastGood.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
