/** The decision on one request, and the decisions when an upstream, the store or our own code fails. Pure. */
import type { ApiErrorCode, UpstreamFailure } from '../errors.ts';
import type { BranchRequest, LastGood, PinnedSet } from './types.ts';

/** `because` is one sentence for people; `asOf` is when upstream last confirmed the answer, in milliseconds since the epoch. */
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
      /** Stale if an upstream failed and it is proven that there is nothing to lose. */
      readonly freshness: 'fresh' | 'stale';
      readonly asOf: number;
      readonly because: string;
    }
  | {
      readonly kind: 'failed';
      readonly code: ApiErrorCode;
      readonly message: string;
      /** The failure of CI or the registry, if that is the reason. */
      readonly failure?: UpstreamFailure;
    };

export function refuse(request: BranchRequest, why: string): Decision {
  return { kind: 'failed', code: 'upstream_failed', message: `${nameOf(request)}: ${why}` };
}

/**
 * An upstream failed, but nothing was ever handed out for the pull request: an empty list loses nothing, and the other pull requests of
 * the ApplicationSet go on.
 * @param now milliseconds since the epoch
 */
export function decideProvenNothing(decision: Decision, now: number): Decision {
  if (decision.kind !== 'failed') return decision;
  const because = `${decision.message}; nothing was ever handed out for this pull request, so the list is empty`;
  return { kind: 'nothing', freshness: 'stale', asOf: now, because };
}

/** An upstream failed: gives the last good answer or, without one, an error. Never an empty list. */
export function decideFailed(
  failure: UpstreamFailure,
  lastGood: LastGood | undefined,
  request: BranchRequest,
): Decision {
  if (lastGood !== undefined) return answerStale(lastGood, failure.message);
  const code = failure.kind === 'rate_limited' ? 'rate_limited' : 'upstream_failed';
  return { kind: 'failed', code, message: `${nameOf(request)}: ${failure.message}`, failure };
}

/**
 * The caller waits no longer: gives the last good answer or, without one, an error.
 * @param limit the setting that ended the wait
 */
export function decideLate(
  lastGood: LastGood | undefined,
  request: BranchRequest,
  limit: 'server.patience' | 'server.deadline',
): Decision {
  const message = `CI or the registry did not answer within ${limit}; the answer will be taken up once it comes`;
  return lastGood === undefined
    ? { kind: 'failed', code: 'deadline_exceeded', message: `${nameOf(request)}: ${message}` }
    : answerStale(lastGood, message);
}

/** Too many callers are waiting: gives the last good answer or, without one, an error. */
export function decideCrowded(lastGood: LastGood | undefined, request: BranchRequest): Decision {
  const message = 'too many calls wait for CI or the registry; send them one after the other';
  return lastGood === undefined
    ? { kind: 'failed', code: 'rate_limited', message: `${nameOf(request)}: ${message}` }
    : answerStale(lastGood, message);
}

/**
 * Our own code failed. Even then, a running environment keeps running.
 * @returns undefined if there is nothing to fall back on
 */
export function decideDefect(lastGood: LastGood | undefined): Decision | undefined {
  return lastGood && answerStale(lastGood, 'Greenpin failed to resolve the branch; its log has the reason');
}

/** An error freezes an ApplicationSet with all its pull requests, so the message must say which one caused it. */
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
