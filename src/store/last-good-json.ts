/** A last good answer as text. What comes back from a disk or over a network is believed only when it is whole. */
import { z } from 'zod';
import type { LastGood } from '../resolve/types.ts';
import type { Digest } from '../image/image.ts';

const moment = z.number().finite();

/** OCI image spec, descriptor.md#digests. */
const digest = z
  .string()
  .regex(/^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/)
  .transform((text) => text as Digest);

const commit = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

const image = z.object({
  repository: z.string().min(1),
  tag: z.string(),
  digest,
  rule: z.string(),
  commit,
  position: moment,
  runs: z.string(),
});

const build = z.object({
  ci: z.string(),
  gitRepository: z.string(),
  commit,
  branch: z.string().min(1),
  id: z.string(),
  number: z.string(),
  attempt: z.string(),
  url: z.string(),
  event: z.string(),
  finishedAt: moment,
  position: moment,
});

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
