/** Decides whether the image under a tag belongs to the build, since other builds may push the same tag. */
import { evaluateRevisions } from './evaluate-revision.ts';
import type { Absent, Failed, ImageSource, RunSource, RunStanding, StatusGate } from './ports.ts';
import { findRivals, hasUnreadRival, type KnownRuns } from './rival-runs.ts';
import { mayPushLater } from './run-state.ts';
import { formatAttempt, type BuildPart } from './evaluate-build.ts';
import type { BranchRequest, Build, ImageRule, PinnedImage, Run } from './types.ts';

/** What upstream must confirm as of `since` or later, in milliseconds since the epoch by our clock. */
export interface Unconfirmed {
  readonly runs: readonly Run[];
  /** Commits whose statuses are to be read again. */
  readonly gates: readonly string[];
  readonly since: number;
}

/** The known facts for one request. */
export interface ImageContext {
  readonly images: ImageSource;
  readonly runs: KnownRuns & Pick<RunSource, 'confirm'>;
  /** Undefined: the project requires no statuses. */
  readonly gate?: StatusGate | undefined;
  /** The standing of one of the branch's runs, by its id. */
  readonly standing: (runId: string) => RunStanding;
  /** When CI last listed the repository's runs, milliseconds since the epoch. */
  readonly listedAt: number;
  /** The digest that was proven to belong to the build earlier, if any. */
  readonly pinBefore: (rule: ImageRule, build: Build) => PinnedImage | undefined;
}

/** An image, and the build that it may belong to. */
export interface ImageCandidate {
  readonly image: PinnedImage;
  /** When the registry was queried, milliseconds since the epoch, our clock. */
  readonly askedAt: number;
  /** The rule's template, rendered for the build. */
  readonly reference: string;
  readonly rule: ImageRule;
  readonly evaluated: BuildPart;
  readonly request: BranchRequest;
  readonly context: ImageContext;
}

/**
 * With `revision: ignore`, every image belongs to the build. With `require`, only the revision counts.
 * @returns the reason why the image does not belong to the build; undefined if it does
 */
export async function findOwnershipProblem(candidate: ImageCandidate): Promise<Absent | Failed | undefined> {
  const { image, rule, evaluated, context } = candidate;
  if (rule.revision === 'ignore') return undefined;
  const isRequired = rule.revision === 'require';
  if (!isRequired && context.pinBefore(rule, evaluated.build)?.digest === image.digest) return undefined;
  const rival = isRequired ? undefined : await findRival(candidate);
  if (typeof rival === 'object') return rival;
  if (!isRequired && rule.template.immutable && rival === undefined) return undefined;
  const result = await context.images.readRevision(`${image.repository}@${image.digest}`, rule.platform);
  if (result.kind !== 'found') return result;
  const ownership = evaluateRevisions(result.revisions, evaluated, context.runs);
  if (ownership === 'own' && !isWholeCommitNeeded(candidate, result.revisions)) return undefined;
  if (ownership === 'other') {
    return absent(`the image bears another commit's revision (revision: ${rule.revision})`);
  }
  if (isRequired) return absent("no revision proves the image to be this build's (revision: require)");
  if (rival === undefined) return findMovedTagProblem(candidate);
  return absent(`${rival} may have pushed this tag since, and no revision tells whose the image is`);
}

/** Without CI, no other commits are known, so one with the same beginning cannot be ruled out. */
function isWholeCommitNeeded({ request, evaluated }: ImageCandidate, revisions: readonly string[]): boolean {
  const { builtCommit } = evaluated.build;
  return (
    request.project.builds === 'registry' &&
    !revisions.some((revision) => revision.trim().toLowerCase() === builtCommit)
  );
}

/**
 * A re-run of an older commit also moves the tag, and the listing does not show it. A tag that has moved
 * since the build's image was found therefore belongs to the build only if the build was re-run, or has just
 * finished: the registry may have shown the previous build's image until then.
 */
function findMovedTagProblem(candidate: ImageCandidate): Absent | Failed | undefined {
  const { rule, evaluated, askedAt, context } = candidate;
  const pin = context.pinBefore(rule, evaluated.build);
  if (pin === undefined) return undefined;
  const before = new Set(pin.runs.split(' '));
  // CI may have deleted some of these runs.
  const hasBegunAnew = evaluated.runs.some((run) => !before.has(formatAttempt(run)));
  const endedAt = Math.max(...evaluated.runs.map((run) => context.standing(run.id).pushedBy));
  return hasBegunAnew || askedAt - endedAt < SETTLES_WITHIN
    ? undefined
    : absent('the tag has moved since, though no run of the build has begun anew');
}

/** How long a registry may show a tag's previous image after a push, in milliseconds. */
export const SETTLES_WITHIN = 300_000;

function absent(reason: string): Absent {
  return { kind: 'absent', reason };
}

/**
 * Has CI confirm rivals that it last reported as unfinished long ago, since they may have finished.
 * @returns a description of a run that may have pushed the tag since; undefined if there is none
 */
async function findRival(candidate: ImageCandidate): Promise<string | Absent | Failed | undefined> {
  const { reference, rule, evaluated, request, context } = candidate;
  const find = (): Run[] => findRivals(rule, reference, evaluated, request, context.runs);
  const rivals = find();
  if (hasUnreadRival(rule.template, evaluated, context.runs)) return 'a run that cannot be read';
  if (rivals.length === 0 || !rivals.every((run) => mayPushLater(run, request.project)))
    return describeRival(rivals[0]);
  const confirmed = await context.runs.confirm(rivals, context.listedAt - RUNNING_FOR);
  return confirmed.kind === 'failed' ? confirmed : describeRival(find()[0]);
}

function describeRival(run: Run | undefined): string | undefined {
  return run && `a newer run (branch ${run.branch}, commit ${run.commit.slice(0, 12)})`;
}

/** How long a running run is assumed to keep running, in milliseconds. */
const RUNNING_FOR = 300_000;

/**
 * How much older than the first read of a tag CI's report on the build's runs may be, in milliseconds, if
 * only a re-run of the same commit can push that tag again: it must be started by hand and get to the push.
 */
const RERUN_TAKES = 60_000;

/**
 * The state of the runs and statuses must be at least as new as the digest: an attempt that started in
 * between may have pushed it, and may still fail. A digest that was proven earlier needs no confirmation.
 */
export function selectUnconfirmed(candidate: ImageCandidate): Unconfirmed | undefined {
  const { image, rule, evaluated, request, askedAt, context } = candidate;
  const { pinBefore, standing, listedAt, gate } = context;
  const pin = pinBefore(rule, evaluated.build);
  if (pin?.digest === image.digest) return undefined;
  const hasChanged = pin !== undefined;
  const listedSince = hasChanged || !rule.template.immutable ? askedAt : -Infinity;
  const runsSince = hasChanged ? askedAt : askedAt - RERUN_TAKES;
  // One listing serves all branches, but each run that it does not show costs a call. A push is a fact.
  const runs =
    request.project.builds === 'statuses'
      ? []
      : evaluated.runs.filter((run) => standing(run.id).confirmedAt < runsSince);
  const { commit } = evaluated.build;
  const gates = (gate?.peek(commit)?.askedAt ?? Infinity) < runsSince ? [commit] : [];
  const isConfirmed = listedAt >= listedSince && runs.length === 0 && gates.length === 0;
  return isConfirmed ? undefined : { runs, gates, since: Math.max(listedSince, runsSince) };
}
