/** The decision on one request, and the decisions when an upstream, the store or our own code fails. Pure. */
import type { ApiErrorCode, UpstreamFailure } from '../errors.ts';
import type { BranchRequest, LastGood, PinnedSet } from './types.ts';

/** `because` is one sentence for people; `asOf` is when upstream last confirmed it (ms since the epoch). */
export type Decision =
  | {
      readonly kind: 'answered';
      readonly set: PinnedSet;
      readonly freshness: 'fresh' | 'stale';
      readonly asOf: number;
      readonly because: string;
    }
  | {
      readonly kind: 'nothing';
      /** Stale if an upstream failed, but nothing was ever handed out. */
      readonly freshness: 'fresh' | 'stale';
      readonly asOf: number;
      readonly because: string;
    }
  | {
      readonly kind: 'failed';
      readonly code: ApiErrorCode;
      readonly message: string;
      /** The failure of CI or the registry, if that is the reason. */
      readonly failure?: UpstreamFailure | undefined;
    };

export function refuse(request: BranchRequest, why: string): Decision {
  return fallBack(undefined, request, 'upstream_failed', why);
}

/**
 * For an upstream failure when nothing was ever handed out for the pull request: an empty list loses nothing
 * and does not block the ApplicationSet's other pull requests.
 * @param now milliseconds since the epoch
 */
export function decideProvenNothing(decision: Decision, now: number): Decision {
  if (decision.kind !== 'failed') return decision;
  const because = `${decision.message}; nothing was ever handed out for this pull request, so the list is empty`;
  return { kind: 'nothing', freshness: 'stale', asOf: now, because };
}

/** Handles an upstream failure: the last good answer or, without one, an error. Never an empty list. */
export function decideFailed(
  failure: UpstreamFailure,
  lastGood: LastGood | undefined,
  request: BranchRequest,
): Decision {
  const code = failure.kind === 'rate_limited' ? 'rate_limited' : 'upstream_failed';
  return fallBack(lastGood, request, code, failure.message, failure);
}

/** @param limit the setting that ended the caller's wait */
export function decideLate(
  lastGood: LastGood | undefined,
  request: BranchRequest,
  limit: 'server.patience' | 'server.deadline',
): Decision {
  const message = `CI or the registry did not answer within ${limit}; the answer will be taken up once it comes`;
  return fallBack(lastGood, request, 'deadline_exceeded', message);
}

/** Used while too many callers are waiting. */
export function decideCrowded(lastGood: LastGood | undefined, request: BranchRequest): Decision {
  const message = 'too many calls wait for CI or the registry; send them one after the other';
  return fallBack(lastGood, request, 'rate_limited', message);
}

/** Returns the last good answer or, without one, an error. */
function fallBack(
  lastGood: LastGood | undefined,
  request: BranchRequest,
  code: ApiErrorCode,
  message: string,
  failure?: UpstreamFailure,
): Decision {
  return lastGood === undefined
    ? { kind: 'failed', code, message: `${nameOf(request)}: ${message}`, failure }
    : answerStale(lastGood, message);
}

/**
 * Handles an internal error: even then, a running environment keeps running.
 * @returns undefined if there is nothing to fall back on
 */
export function decideDefect(lastGood: LastGood | undefined): Decision | undefined {
  return lastGood && answerStale(lastGood, 'Greenpin failed to resolve the branch; its log has the reason');
}

/** An error freezes all pull requests of an ApplicationSet, so the message says which one caused it. */
export function nameOf({ project, branch }: BranchRequest): string {
  return `project ${project.name}, branch ${branch}`;
}

export function answerStale({ set, confirmedAt }: LastGood, reason: string): Decision {
  return {
    kind: 'answered',
    set,
    freshness: 'stale',
    asOf: confirmedAt,
    because: `kept what was handed out before: ${reason}`,
  };
}
