/** Parses JSON of CI systems: strict about the envelope, lenient about single runs. Pure. */
import type { z } from 'zod';
import type { UnreadRun } from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import { malformedError } from '../upstream/failures.ts';

/** The sender, for messages. */
export interface Source {
  readonly host: string;
  /** The API's owner: `GitHub`. */
  readonly api: string;
}

export interface RunElements<Raw> {
  /** Path of the list in the response, for messages. */
  readonly list: string;
  readonly schema: z.ZodType<Raw>;
  readonly toRun: (raw: Raw) => Run;
  /** Reads what it can of an element that does not match the schema. */
  readonly salvage: (element: unknown) => Omit<UnreadRun, 'problem'>;
}

/** If most elements do not match, the response is no list of runs. A few elements prove nothing. */
const MAX_UNREAD_SHARE = 0.5;
const FEW_ELEMENTS = 10;

/**
 * One odd run must not make a repository unreadable, so it is skipped and reported in `unread`, with the
 * position of the run before it if its own cannot be read.
 * @param elements newest first
 * @throws UpstreamError `malformed` if most of many elements cannot be read
 */
export function parseRuns<Raw>(
  elements: readonly unknown[],
  { list, schema, toRun, salvage }: RunElements<Raw>,
  source: Source,
): { readonly runs: readonly Run[]; readonly unread: readonly UnreadRun[] } {
  const runs: Run[] = [];
  const unread: UnreadRun[] = [];
  let before: Pick<UnreadRun, 'position' | 'createdAt'> = { position: null, createdAt: null };
  for (const element of elements) {
    const { data, error } = schema.safeParse(element);
    if (error === undefined) {
      const run = toRun(data);
      runs.push(run);
      before = run;
    } else {
      const parts = salvage(element);
      const position = parts.position ?? before.position;
      const createdAt = parts.createdAt ?? before.createdAt;
      before = { position, createdAt };
      unread.push({ ...parts, position, createdAt, problem: describeProblem(error, list) });
    }
  }
  const [first] = unread;
  const isList = elements.length < FEW_ELEMENTS || unread.length <= elements.length * MAX_UNREAD_SHARE;
  if (first !== undefined && !isList) throw misshapen(first.problem, source);
  return { runs, unread };
}

/** Runs that were created at nearly the same time may be listed in any order. */
const SAME_TIME = 60_000;

/**
 * An API that ignores a parameter it does not know may list the oldest runs first, which then would seem to be
 * the newest.
 * @param runs of a page @throws UpstreamError `malformed` unless the newest come first
 */
export function requireNewestFirst(runs: readonly Run[], { host }: Source): void {
  let oldest = Infinity;
  for (const { createdAt } of runs) {
    if (createdAt === null) continue;
    if (createdAt > oldest + SAME_TIME) throw malformedError(host, 'a list that is not newest first');
    oldest = Math.min(oldest, createdAt);
  }
}

/** @throws UpstreamError `malformed`, without the index in a list, so that the message is stable */
export function parseShape<T>(schema: z.ZodType<T>, value: unknown, source: Source): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw misshapen(describeProblem(result.error), source, result.error);
}

function misshapen(what: string, { host, api }: Source, cause?: unknown) {
  return malformedError(host, `${what} that does not match the API of ${api}`, cause);
}

/** @returns `a field workflow_runs.id` */
export function describeProblem(error: z.ZodError, ...within: readonly string[]): string {
  const path = error.issues[0]?.path.filter((part) => typeof part === 'string') ?? [];
  const field = path.length === 0 ? '' : [...within, ...path].filter(Boolean).join('.');
  return field === '' ? 'something' : `a field ${field}`;
}
