/** Evaluates the statuses of a commit against the names that a project requires. Pure. */
import type { CommitStatus } from '../ci/commit-statuses.ts';
import type { GateReading } from '../resolve/ports.ts';

/** A name, in which `*` stands for any text. */
export type StatusPattern = string;

/** @returns whether the context is the name, or matches the glob; upper and lower case differ */
export function matchesPattern(context: string, pattern: StatusPattern): boolean {
  if (!pattern.includes('*')) return context === pattern;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  if (context.length < first.length + last.length) return false;
  if (!context.startsWith(first) || !context.endsWith(last)) return false;
  const end = context.length - last.length;
  let from = first.length;
  return rest.every((part) => {
    const at = context.indexOf(part, from);
    from = at + part.length;
    return at !== -1 && from <= end;
  });
}

type Evaluation = Pick<GateReading, 'status' | 'reason' | 'statuses'>;

/** Statuses in a reason. A glob may match hundreds. */
const MOST_NAMED = 10;

/**
 * Each pattern needs a status, and each status that matches one must be successful. The worst outcome decides,
 * as with runs.
 */
export function evaluateStatuses(
  all: readonly CommitStatus[],
  patterns: readonly StatusPattern[],
): Evaluation {
  const matching = all.filter(({ context }) => patterns.some((pattern) => matchesPattern(context, pattern)));
  const statuses = matching.map(({ context, outcome, url = '' }) => ({ context, outcome, url }));
  const inState = (state: CommitStatus['state']) => matching.filter((status) => status.state === state);
  const unsuccessful = inState('unsuccessful');
  if (unsuccessful.length > 0) return { status: 'unsuccessful', reason: describe(unsuccessful), statuses };
  const pending = inState('pending');
  if (pending.length > 0) return { status: 'running', reason: describe(pending), statuses };
  const missing = patterns.filter((pattern) => !all.some(({ context }) => matchesPattern(context, pattern)));
  if (missing.length > 0) {
    return { status: 'incomplete', reason: `no status ${shorten(missing).join(', ')}`, statuses };
  }
  return { status: 'green', reason: describe(matching), statuses };
}

function describe(statuses: readonly CommitStatus[]): string {
  return shorten(statuses.map(({ context, outcome }) => `${context} ${outcome}`)).join(', ');
}

function shorten(names: readonly string[]): string[] {
  const rest = names.length - MOST_NAMED;
  return rest > 0 ? [...names.slice(0, MOST_NAMED), `${rest} more`] : [...names];
}
