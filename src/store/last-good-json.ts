/** A last good answer as text. What comes back from a disk or over a network is believed only when it is whole. */
import { z } from 'zod';
import type { LastGood } from '../resolve/types.ts';
import { storedCommit, storedDigest } from '../schema/stored.ts';

const moment = z.number().finite();

const image = z.object({
  repository: z.string().min(1),
  tag: z.string(),
  digest: storedDigest,
  rule: z.string(),
  commit: storedCommit,
  position: moment,
  runs: z.string(),
});

/** Answers that were stored before builds had a tie-break are all GitHub's. */
const build = z
  .object({
    ci: z.string(),
    gitRepository: z.string(),
    commit: storedCommit,
    branch: z.string().min(1),
    id: z.string(),
    number: z.string(),
    attempt: z.string(),
    url: z.string(),
    event: z.string(),
    finishedAt: moment,
    position: moment,
    tie: z.string().optional(),
  })
  .transform(({ tie, ...rest }) => ({ ...rest, tie: tie ?? githubTie(rest.id) }));

function githubTie(id: string): string {
  return id.padStart(20, '0');
}

const lastGood = z.object({
  set: z.object({ build, images: z.record(z.string(), image) }),
  confirmedAt: moment,
});

export function formatLastGood(value: LastGood): string {
  return JSON.stringify(value);
}

/** @returns undefined when the text is not what `formatLastGood` makes */
export function parseLastGood(text: string): LastGood | undefined {
  try {
    return lastGood.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
