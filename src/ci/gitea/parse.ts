/** Parses answers of Gitea and Forgejo: what is wrong with one that is not as expected. Pure. */
import { z } from 'zod';
import type { UpstreamError } from '../../errors.ts';
import { malformed } from '../../upstream/failures.ts';
import { parseShape, type Source } from '../elements.ts';
import { webPageError } from './failure.ts';

/** @throws UpstreamError `malformed` */
export function parseAnswer<T>(schema: z.ZodType<T>, value: unknown, source: Source): T {
  if (typeof value === 'string' && /^\s*<(?:!doctype|html)/i.test(value)) throw webPageError(source.host);
  return parseShape(schema, value, source);
}

/** Only Forgejo's runs have `commit_sha`; only Gitea's have `head_sha`. */
const MARKS = { gitea: 'head_sha', forgejo: 'commit_sha' } as const;

/** @returns a failure that names the right kind, if this is a run of the other API */
export function findWrongKind(
  run: unknown,
  kind: keyof typeof MARKS,
  host: string,
): UpstreamError | undefined {
  if (typeof run !== 'object' || run === null) return undefined;
  const other = kind === 'gitea' ? 'forgejo' : 'gitea';
  if (MARKS[kind] in run || !(MARKS[other] in run)) return undefined;
  const name = other === 'gitea' ? 'Gitea' : 'Forgejo';
  return malformed(host, `${host} runs ${name}: set the connection's kind to ${other}`);
}
