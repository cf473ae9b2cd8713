/** The table of answers (design §2): what was found now, against what was handed out last. */
import type { ApiErrorCode, UpstreamFailure } from '../errors.ts';
import type { Doubt, ImageSource } from './ports.ts';
import type { SearchOutcome } from './search-builds.ts';
import { compareBuilds } from './select-build.ts';
import type { BranchRequest, LastGood, PinnedSet } from './types.ts';

/** What the upstreams said, and when (milliseconds since the epoch). */
export type Found =
  | (Extract<SearchOutcome, { kind: 'complete' }> & { readonly asOf: number })
  | { readonly kind: 'none'; readonly asOf: number }
  | {
      readonly kind: 'excluded';
      readonly certain: boolean;
      readonly reason: string;
      readonly asOf: number;
    }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/**
 * What is answered. `because` is one sentence for a person; `asOf` is when upstream last confirmed it (milliseconds since the
 * epoch).
 */
export type Decision =
  | {
      readonly kind: 'answered';
      readonly set: PinnedSet;
      readonly freshness: 'fresh' | 'stale';
      readonly asOf: number;
      readonly because: string;
    }
  | { readonly kind: 'nothing'; readonly asOf: number; readonly because: string }
  | {
      readonly kind: 'failed';
      readonly code: ApiErrorCode;
      readonly message: string;
      /** CI's or the registry's, if it is one. */
      readonly failure?: UpstreamFailure;
    };

/** One row of the table. Never throws; asks the registry only whether an image that was handed out is still there. */
export async function decide(
  found: Found,
  lastGood: LastGood | undefined,
  request: BranchRequest,
  images: ImageSource,
): Promise<Decision> {
  switch (found.kind) {
    case 'complete':
      return lastGood !== undefined && goesBack(found, lastGood)
        ? decideGoingBack(found, lastGood, images)
        : answer(found, describeSubstitutes(found.substituted));
    case 'none':
      return lastGood === undefined
        ? decideNoBuild(found.asOf, request)
        : keep(
            lastGood,
            found.asOf,
            'CI shows no green and complete build now; kept what was handed out before',
          );
    case 'excluded':
      return lastGood === undefined || found.certain
        ? { kind: 'nothing', asOf: found.asOf, because: found.reason }
        : keep(lastGood, found.asOf, `kept what was handed out before, though it seems that ${found.reason}`);
    case 'invalid':
      return lastGood === undefined
        ? { kind: 'failed', code: 'invalid_request', message: found.reason }
        : keepStale(lastGood, found.reason);
    case 'failed':
      return decideFailed(found.failure, lastGood, request);
  }
}

/**
 * Nobody can tell what was handed out last. A build that is there may be handed out all the same: a new branch must not wait for a
 * store. That there is none is no reason for an empty list: an environment may be up.
 */
export async function decideUnremembered(
  found: Found,
  request: BranchRequest,
  images: ImageSource,
): Promise<Decision> {
  if (found.kind !== 'none' && !(found.kind === 'excluded' && !found.certain)) {
    return decide(found, undefined, request, images);
  }
  const message =
    `${nameOf(request)}: CI shows no green and complete build, and what was handed out ` +
    'before cannot be read: the store does not answer';
  return { kind: 'failed', code: 'upstream_failed', message };
}

/** An upstream failed: the last good answer if there is one, else an error; never an empty list. */
function decideFailed(
  failure: UpstreamFailure,
  lastGood: LastGood | undefined,
  request: BranchRequest,
): Decision {
  if (lastGood !== undefined) return keepStale(lastGood, failure.message);
  const code = failure.kind === 'rate_limited' ? 'rate_limited' : 'upstream_failed';
  return { kind: 'failed', code, message: `${nameOf(request)}: ${failure.message}`, failure };
}

/** The caller cannot wait longer: the last good answer if there is one, else an error. */
export function decideLate(lastGood: LastGood | undefined, request: BranchRequest): Decision {
  const message =
    'CI or the registry did not answer within server.deadline; the answer will be taken up once it comes';
  return lastGood === undefined
    ? { kind: 'failed', code: 'deadline_exceeded', message: `${nameOf(request)}: ${message}` }
    : keepStale(lastGood, message);
}

/** A newer run may have ended green since, and CI could not tell: the answer is right, and perhaps not the newest. */
export function markDoubtful(decision: Decision, { failure, createdAt }: Doubt): Decision {
  if (decision.kind !== 'answered' || createdAt <= decision.set.build.position) return decision;
  const because = `${decision.because}; a newer build may be there: ${failure.message}`;
  return { ...decision, freshness: 'stale', because };
}

/**
 * Our own code failed. Even then an environment that was up stays up.
 * @returns undefined when there is nothing to fall back on
 */
export function decideDefect(lastGood: LastGood | undefined): Decision | undefined {
  return lastGood && keepStale(lastGood, 'Greenpin failed to resolve the branch; its log has the reason');
}

/** An older build, or an older image in place of one that was handed out for the same build (`onMissing: previous`). */
function goesBack(found: Extract<Found, { kind: 'complete' }>, { set }: LastGood): boolean {
  const order = compareBuilds(found.set.build, set.build);
  if (order !== 0) return order < 0;
  return found.substituted.some((name) => found.set.images[name]?.digest !== set.images[name]?.digest);
}

async function decideGoingBack(
  found: Extract<Found, { kind: 'complete' }>,
  lastGood: LastGood,
  images: ImageSource,
): Promise<Decision> {
  const still = await Promise.all(
    Object.values(lastGood.set.images).map(({ repository, digest }) =>
      images.readDigest(`${repository}@${digest}`, { immutable: true }),
    ),
  );
  const failed = still.find((result) => result.kind === 'failed');
  if (failed !== undefined) return keepStale(lastGood, failed.failure.message);
  return still.some((result) => result.kind === 'absent')
    ? answer(found, 'went back to an older build: an image of the newer one is gone from the registry')
    : keep(
        lastGood,
        found.asOf,
        'kept the newer build that was handed out before: its images are still there',
      );
}

/** The error freezes an ApplicationSet with all its pull requests: whoever reads it must see which one it was. */
function nameOf({ project, branch }: BranchRequest): string {
  return `project ${project.name}, branch ${branch}`;
}

function decideNoBuild(asOf: number, request: BranchRequest): Decision {
  const { project } = request;
  const because = `${nameOf(request)}: CI knows no green build whose images are all in the registry`;
  return project.onNoBuild === 'empty'
    ? { kind: 'nothing', asOf, because }
    : { kind: 'failed', code: 'upstream_failed', message: `${because} (onNoBuild: error)` };
}

function answer({ set, asOf }: Extract<Found, { kind: 'complete' }>, because: string): Decision {
  return { kind: 'answered', set, freshness: 'fresh', asOf, because };
}

function describeSubstitutes(names: readonly string[]): string {
  const base = 'the newest green build whose images are all in the registry';
  return names.length === 0
    ? base
    : `${base}; from an earlier build (onMissing: previous): ${names.join(', ')}`;
}

function keep({ set }: LastGood, asOf: number, because: string): Decision {
  return { kind: 'answered', set, freshness: 'fresh', asOf, because };
}

function keepStale({ set, confirmedAt }: LastGood, reason: string): Decision {
  return {
    kind: 'answered',
    set,
    freshness: 'stale',
    asOf: confirmedAt,
    because: `kept what was handed out before: ${reason}`,
  };
}
