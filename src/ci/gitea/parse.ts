/** Parses answers of Gitea and Forgejo: what is wrong with one that is not as expected. Pure. */
import type { z } from 'zod';
import { malformed } from '../../upstream/failures.ts';
import { parseShape, type Source } from '../elements.ts';
import { webPageError } from './failure.ts';

/** @throws UpstreamError `malformed` */
export function parseAnswer<T>(schema: z.ZodType<T>, value: unknown, source: Source): T {
  if (typeof value === 'string' && /^\s*<(?:!doctype|html)/i.test(value)) throw webPageError(source.host);
  return parseShape(schema, value, source);
}

/** Only Gitea's runs have the one field, only Forgejo's the other. */
const MARKS = { gitea: 'head_sha', forgejo: 'commit_sha' } as const;
const NAMES = { gitea: 'Gitea', forgejo: 'Forgejo' } as const;

type Kind = keyof typeof MARKS;

/** @throws UpstreamError `malformed`, which names the right kind, if this is a run of the other API */
export function checkKind(run: unknown, kind: Kind, host: string): void {
  if (typeof run !== 'object' || run === null) return;
  const other = kind === 'gitea' ? 'forgejo' : 'gitea';
  if (!(MARKS[kind] in run) && MARKS[other] in run) throw malformed(host, describeWrongKind(other, host));
}

/** @param found what the server runs */
export function describeWrongKind(found: Kind, host: string): string {
  return `${host} runs ${NAMES[found]}: set the connection's kind to ${found}`;
}
