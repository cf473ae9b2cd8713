/** Zod schemas for values that are read back from a store and that several formats share. */
import { z } from 'zod';
import { parseDigest } from '../image/image.ts';

export const storedDigest = z.string().transform((text, context) => {
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  context.addIssue('not a digest');
  return z.NEVER;
});

/** A full SHA-1 or SHA-256 in lower case. */
export const storedCommit = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
