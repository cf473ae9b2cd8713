/** The table of answers: compares what was found now with what was handed out last. */
import { REGISTRY_EVENT } from './commit-run.ts';
import { decideFailed, answerStale, nameOf, refuse, type Decision } from './decision.ts';
import type { Failed, ImageSource, UnresolvedRun } from './ports.ts';
import type { Remembered } from './recall.ts';
import type { SearchOutcome } from './search-builds.ts';
import type { EvaluatedBuild } from './evaluate-build.ts';
import { compareBuilds } from './select-builds.ts';
import type { BranchRequest, LastGood, PinnedImage, PinnedSet } from './types.ts';

/** The result of a search. `asOf` is when upstream last confirmed it, in milliseconds since the epoch. */
export type Found =
  | (Extract<SearchOutcome, { kind: 'complete' }> & { readonly asOf: number })
  /** `hasRuns`: CI has runs of the branch, even if none of them counts. */
  | { readonly kind: 'none'; readonly asOf: number; readonly hasRuns: boolean }
  | {
      readonly kind: 'excluded';
      readonly certain: boolean;
      readonly reason: string;
      readonly asOf: number;
    }
  | { readonly kind: 'invalid'; readonly reason: string }
  | Failed;

type Complete = Extract<Found, { kind: 'complete' }>;

/** Never throws. Calls the registry only to check that images handed out earlier still exist. */
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
  const lastGood = 'lastGood' in remembered ? remembered.lastGood : undefined;
  if (lastGood === undefined || !isDowngrade(found, lastGood)) {
    return answer(found, request.project.builds === 'registry' ? BY_REVISION : describeSubstitutes(found));
  }
  const pinned = await checkPinnedImages(lastGood, images);
  if (pinned.kind === 'failed') {
    return decideFailed(pinned.failure, remembered.kind === 'whole' ? lastGood : undefined, request);
  }
  if (pinned.kind === 'absent') {
    return answer(found, 'went back to an older build: an image of the newer one is gone from the registry');
  }
  return remembered.kind === 'partial'
    ? decideGrown(remembered, request)
    : answerLastGood(
        lastGood,
        found.asOf,
        'kept the newer build that was handed out before: its images are still there',
      );
}

/**
 * While the store is unreadable, never answers with an empty list, since an environment may be running. A
 * build that was found is still returned (`decideComplete`): a new branch must not wait for the store.
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
      return answerLastGood(
        remembered.lastGood,
        asOf,
        `${describeNone(request)} now; kept what was handed out before`,
      );
    case 'partial':
      return decideGrown(remembered, request);
    case 'unreadable':
      return refuse(
        request,
        `${describeNone(request)}, and what was handed out before cannot be read: the store does not answer`,
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
    return answerLastGood(
      remembered.lastGood,
      asOf,
      `kept what was handed out before, though it seems that ${reason}`,
    );
  }
  return refuse(request, `it seems that ${reason}, but something may have been handed out before`);
}

/** Adding an image must not delete anything, and a set without every promised key must not be returned. */
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
 * For a store that cannot say what was handed out last. If CI has a newer build that is green, or may have
 * been before a re-run, the answer may be a downgrade, so it is not marked fresh.
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
    'and the store, which would know, does not answer';
  return { ...decision, freshness: 'stale', because };
}

/** A run whose state is unknown, of the branch or of the target branch that lends images. */
export interface UnknownOutcome extends UnresolvedRun {
  readonly target?: string | undefined;
}

/** CI could not report whether a newer run succeeded: the answer is correct, but may not be the newest. */
export function markPossiblyOutdated(decision: Decision, runs: readonly UnknownOutcome[]): Decision {
  if (decision.kind !== 'answered') return decision;
  const { set } = decision;
  const newer = runs.find((run) => mayBeNewer(run, set));
  if (newer === undefined) return decision;
  const where = newer.target === undefined ? '' : ` on ${newer.target}`;
  const because = `${decision.because}; a newer build may be there${where}: ${newer.failure.message}`;
  return { ...decision, freshness: 'stale', because };
}

function mayBeNewer({ position, target }: UnknownOutcome, { build, images }: PinnedSet): boolean {
  const ofBranch =
    target === undefined ? [build] : Object.values(images).filter((image) => image.target === target);
  return ofBranch.some((one) => position === null || position > one.position);
}

/**
 * True if the build or any image is older: a set is newer only if none of its images is older. Without CI, the
 * call's commit is always the newest, and a clock that was wrong when an earlier one was found changes nothing.
 */
export function isDowngrade(found: Complete, { set }: LastGood): boolean {
  if (found.set.build.event === REGISTRY_EVENT) return false;
  if (compareBuilds(found.set.build, set.build) < 0) return true;
  return Object.entries(found.set.images).some(([name, image]) => {
    const before = set.images[name];
    return before !== undefined && image.commit !== before.commit && isOlderImage(image, before);
  });
}

/**
 * Positions compare only images of one branch. Against another branch's, the branch's own image is newer: it
 * contains the change that the pull request is about. A pull request may change its target branch.
 */
function isOlderImage(image: PinnedImage, before: PinnedImage): boolean {
  if (image.target === before.target) return image.position < before.position;
  return before.target === undefined;
}

/** Checks whether all images that were handed out are still in the registry. */
async function checkPinnedImages(
  { set }: LastGood,
  images: ImageSource,
): Promise<Failed | { readonly kind: 'found' | 'absent' }> {
  const results = await Promise.all(
    Object.values(set.images).map(({ repository, digest }) =>
      images.readDigest(`${repository}@${digest}`, { immutable: true }),
    ),
  );
  const failed = results.find((result) => result.kind === 'failed');
  if (failed !== undefined) return failed;
  return { kind: results.some((result) => result.kind === 'absent') ? 'absent' : 'found' };
}

function decideNoBuild(
  { asOf, hasRuns }: Extract<Found, { kind: 'none' }>,
  request: BranchRequest,
): Decision {
  const { project } = request;
  const known = hasRuns
    ? 'CI knows no green build whose images are all in the registry'
    : project.builds === 'statuses'
      ? 'the Git host knows no branch of this name'
      : 'CI has never run for a branch of this name';
  const what = project.builds === 'registry' ? describeNone(request) : known;
  const because = `${nameOf(request)}: ${what}`;
  return project.onNoBuild === 'empty'
    ? { kind: 'nothing', freshness: 'fresh', asOf, because }
    : { kind: 'failed', code: 'upstream_failed', message: `${because} (onNoBuild: error)` };
}

/** The reason for the answers of a project without CI. */
const BY_REVISION =
  'the images bear the commit that the call names as their revision; no CI was asked whether its build is green (builds: registry)';

function describeNone({ project }: BranchRequest): string {
  return project.builds === 'registry'
    ? 'the registry does not have all images of the commit that the call names'
    : 'CI shows no green and complete build';
}

function answer({ set, asOf }: Complete, because: string): Decision {
  return { kind: 'answered', set, freshness: 'fresh', asOf, because };
}

function describeSubstitutes({ substituted, set }: Complete): string {
  const fromTarget = Object.entries(set.images).flatMap(([name, { target }]) =>
    target === undefined ? [] : [`${name} (${target})`],
  );
  return [
    'the newest green build whose images are all in the registry',
    ...(substituted.length === 0 ? [] : [`from an earlier build of the branch: ${substituted.join(', ')}`]),
    ...(fromTarget.length === 0
      ? []
      : [`from the target branch (onMissing: target): ${fromTarget.join(', ')}`]),
  ].join('; ');
}

function answerLastGood({ set }: LastGood, asOf: number, because: string): Decision {
  return { kind: 'answered', set, freshness: 'fresh', asOf, because };
}
