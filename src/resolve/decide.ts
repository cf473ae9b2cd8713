/** The table of answers (design §2): what was found now, against what was handed out last. */
import type { UpstreamFailure } from '../errors.ts';
import { decideFailed, answerStale, nameOf, refuse, type Decision } from './decision.ts';
import type { Doubt, ImageSource } from './ports.ts';
import type { Remembered } from './recall.ts';
import type { SearchOutcome } from './search-builds.ts';
import { compareBuilds, type EvaluatedBuild } from './select-builds.ts';
import type { BranchRequest, LastGood } from './types.ts';

/** What the upstreams said, and when (milliseconds since the epoch). */
export type Found =
  | (Extract<SearchOutcome, { kind: 'complete' }> & { readonly asOf: number })
  /** `hasRuns`: CI has runs of the branch, whether they count or not. */
  | { readonly kind: 'none'; readonly asOf: number; readonly hasRuns: boolean }
  | {
      readonly kind: 'excluded';
      readonly certain: boolean;
      readonly reason: string;
      readonly asOf: number;
    }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

type Complete = Extract<Found, { kind: 'complete' }>;

/** One row of the table. Never throws; asks the registry only whether an image that was handed out is still there. */
export async function decide(
  found: Found,
  remembered: Remembered,
  request: BranchRequest,
  images: ImageSource,
): Promise<Decision> {
  const lastGood = remembered.kind === 'whole' ? remembered.lastGood : undefined;
  switch (found.kind) {
    case 'complete':
      return decideComplete(found, remembered, request, images);
    case 'none':
      return decideNone(found, remembered, request);
    case 'excluded':
      return decideExcluded(found, remembered, request);
    case 'invalid':
      return lastGood === undefined
        ? { kind: 'failed', code: 'invalid_request', message: found.reason }
        : answerStale(lastGood, found.reason);
    case 'failed':
      return decideFailed(found.failure, lastGood, request);
  }
}

async function decideComplete(
  found: Complete,
  remembered: Remembered,
  request: BranchRequest,
  images: ImageSource,
): Promise<Decision> {
  const before = 'lastGood' in remembered ? remembered.lastGood : undefined;
  if (before === undefined || !isDowngrade(found, before)) {
    return answer(found, describeSubstitutes(found.substituted));
  }
  const still = await readPinned(before, images);
  if (still.kind === 'failed') return decideFailed(still.failure, wholeOf(remembered), request);
  if (still.kind === 'absent') {
    return answer(found, 'went back to an older build: an image of the newer one is gone from the registry');
  }
  return remembered.kind === 'partial'
    ? decideGrown(remembered, request)
    : keep(before, found.asOf, 'kept the newer build that was handed out before: its images are still there');
}

function wholeOf(remembered: Remembered): LastGood | undefined {
  return remembered.kind === 'whole' ? remembered.lastGood : undefined;
}

/**
 * Where nobody can tell what was handed out last, an empty list is no answer: an environment may be up. A build that is there is one all
 * the same (`decideComplete`): a new branch must not wait for a store.
 */
function decideNone(
  found: Extract<Found, { kind: 'none' }>,
  remembered: Remembered,
  request: BranchRequest,
): Decision {
  const { asOf } = found;
  switch (remembered.kind) {
    case 'nothing':
      return decideNoBuild(found, request);
    case 'whole':
      return keep(
        remembered.lastGood,
        asOf,
        'CI shows no green and complete build now; kept what was handed out before',
      );
    case 'partial':
      return decideGrown(remembered, request);
    case 'unreadable':
      return refuse(
        request,
        'CI shows no green and complete build, and what was handed out before cannot be read: the store does not answer',
      );
  }
}

function decideExcluded(
  { asOf, certain, reason }: Extract<Found, { kind: 'excluded' }>,
  remembered: Remembered,
  request: BranchRequest,
): Decision {
  if (certain || remembered.kind === 'nothing') {
    return { kind: 'nothing', freshness: 'fresh', asOf, because: reason };
  }
  if (remembered.kind === 'whole') {
    return keep(remembered.lastGood, asOf, `kept what was handed out before, though it seems that ${reason}`);
  }
  return refuse(request, `it seems that ${reason}, but something may have been handed out before`);
}

/** Nothing is deleted because the configuration grew, and a set that lacks a promised key is none (design §1, §2). */
function decideGrown(
  { lastGood, missing }: Extract<Remembered, { kind: 'partial' }>,
  request: BranchRequest,
): Decision {
  const names = missing.map(({ name }) => name).join(', ');
  const { number, commit } = lastGood.set.build;
  return refuse(
    request,
    `image ${names} was added or changed in the configuration, and build ${number} (${commit.slice(0, 12)}), ` +
      'which was handed out before, has no such image; build the branch anew',
  );
}

/**
 * Nobody can tell what was handed out last. Where CI has a newer build than the one that is answered, which was green or may have been
 * before it was run again, the answer may be a step back: it is not called fresh (issue 9, C10).
 * @param builds of the branch, newest first
 */
export function markUnremembered(decision: Decision, builds: readonly EvaluatedBuild[]): Decision {
  if (decision.kind !== 'answered' || decision.freshness === 'stale') return decision;
  const newer = builds.find(
    ({ build, status, repeated }) =>
      compareBuilds(build, decision.set.build) > 0 && (status === 'green' || repeated),
  );
  if (newer === undefined) return decision;
  const because =
    `${decision.because}; build ${newer.build.number} may have been handed out before, ` +
    'and the store, which would tell, does not answer';
  return { ...decision, freshness: 'stale', because };
}

/** A newer run may have ended green since, and CI could not tell: the answer is right, and perhaps not the newest. */
export function markPossiblyOutdated(decision: Decision, { failure, createdAt }: Doubt): Decision {
  if (decision.kind !== 'answered' || createdAt <= decision.set.build.position) return decision;
  const because = `${decision.because}; a newer build may be there: ${failure.message}`;
  return { ...decision, freshness: 'stale', because };
}

/** An older build, or an older image of any name: a set is newer only if none of its images is older. */
export function isDowngrade(found: Complete, { set }: LastGood): boolean {
  if (compareBuilds(found.set.build, set.build) < 0) return true;
  return Object.entries(found.set.images).some(([name, image]) => {
    const before = set.images[name];
    return before !== undefined && image.commit !== before.commit && image.position < before.position;
  });
}

type Pinned =
  { readonly kind: 'found' | 'absent' } | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** Whether all images that were handed out are still in the registry. */
async function readPinned({ set }: LastGood, images: ImageSource): Promise<Pinned> {
  const still = await Promise.all(
    Object.values(set.images).map(({ repository, digest }) =>
      images.readDigest(`${repository}@${digest}`, { immutable: true }),
    ),
  );
  const failed = still.find((result) => result.kind === 'failed');
  if (failed !== undefined) return failed;
  return { kind: still.some((result) => result.kind === 'absent') ? 'absent' : 'found' };
}

function decideNoBuild(
  { asOf, hasRuns }: Extract<Found, { kind: 'none' }>,
  request: BranchRequest,
): Decision {
  const { project } = request;
  const what = hasRuns
    ? 'CI knows no green build whose images are all in the registry'
    : 'CI has never run for a branch of this name';
  const because = `${nameOf(request)}: ${what}`;
  return project.onNoBuild === 'empty'
    ? { kind: 'nothing', freshness: 'fresh', asOf, because }
    : { kind: 'failed', code: 'upstream_failed', message: `${because} (onNoBuild: error)` };
}

function answer({ set, asOf }: Complete, because: string): Decision {
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
