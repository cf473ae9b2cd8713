/** What comes back from where it was kept: a disk, a server. Zod schemas of values that several formats hold. */
import { z } from 'zod';
import { parseDigest } from '../image/digest.ts';

export const storedDigest = z.string().transform((text, context) => {
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  context.addIssue('no digest');
  return z.NEVER;
});

/** A full SHA-1 or SHA-256, lower case. */
export const storedCommit = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
