/** Whether the image that a tag holds is the build's (design §2, "A tag that can move"). */
import type { UpstreamFailure } from '../errors.ts';
import { judgeRevisions } from './judge-revision.ts';
import type { ImageSource, RunSource, RunStanding } from './ports.ts';
import { findRivals, hasUnreadRival, type KnownRuns } from './rival-runs.ts';
import { formatAttempt, type EvaluatedBuild } from './select-builds.ts';
import type { BranchRequest, Build, ImageRule, PinnedImage, Run } from './types.ts';

/** Runs whose state must be known as it was at `since` or later (milliseconds since the epoch, our clock). */
export interface Unconfirmed {
  readonly runs: readonly Run[];
  readonly since: number;
}

/** What is known while a question is answered. */
export interface ImageContext {
  readonly images: ImageSource;
  readonly runs: KnownRuns & Pick<RunSource, 'confirm'>;
  /** When CI told the state of one of the branch's runs, by its id. */
  readonly standing: (runId: string) => RunStanding;
  /** When CI last listed the repository's runs, milliseconds since the epoch. */
  readonly listedAt: number;
  /** The digest that was proven to be the build's before; undefined: none was. */
  readonly pinBefore: (rule: ImageRule, build: Build) => PinnedImage | undefined;
}

/** An image that a tag holds, and the build that it may be of. */
export interface OwnershipQuestion {
  readonly image: PinnedImage;
  /** When the registry was asked, milliseconds since the epoch, our clock. */
  readonly askedAt: number;
  /** As the rule's template renders it for the build. */
  readonly reference: string;
  readonly rule: ImageRule;
  readonly evaluated: EvaluatedBuild;
  readonly request: BranchRequest;
  readonly context: ImageContext;
}

export type OwnershipDoubt =
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/**
 * @returns why the image is not taken for the build's; undefined: it is. With `revision: ignore` nothing is asked, with `require` only
 *   the revision counts.
 */
export async function doubtOwnership(question: OwnershipQuestion): Promise<OwnershipDoubt | undefined> {
  const { image, rule, evaluated, context } = question;
  if (rule.revision === 'ignore') return undefined;
  const isRequired = rule.revision === 'require';
  if (!isRequired && context.pinBefore(rule, evaluated.build)?.digest === image.digest) return undefined;
  const rival = isRequired ? undefined : await findRival(question);
  if (typeof rival === 'object') return rival;
  if (!isRequired && rule.template.immutable && rival === undefined) return undefined;
  const result = await context.images.readRevision(`${image.repository}@${image.digest}`, rule.platform);
  if (result.kind !== 'found') return result;
  const ownership = judgeRevisions(result.revisions, evaluated, context.runs);
  if (ownership === 'own') return undefined;
  if (ownership === 'other') {
    return absent(`the image bears another commit's revision (revision: ${rule.revision})`);
  }
  if (isRequired) return absent("no revision proves the image to be this build's (revision: require)");
  if (rival === undefined) return doubtMovedTag(question);
  return absent(`${rival} may have pushed this tag since, and no revision tells whose the image is`);
}

/**
 * An older commit's run that is run again moves the tag as well, and the listing does not show it. So a tag that has moved since the
 * build's image was found holds the build's only if the build itself has begun anew, or has ended just now: the registry may have shown the
 * image of the build before.
 */
function doubtMovedTag(question: OwnershipQuestion): OwnershipDoubt | undefined {
  const { rule, evaluated, askedAt, context } = question;
  const pin = context.pinBefore(rule, evaluated.build);
  if (pin === undefined) return undefined;
  const before = new Set(pin.runs.split(' '));
  // CI may also have forgotten one of them.
  const hasBegunAnew = evaluated.runs.some((run) => !before.has(formatAttempt(run)));
  const endedAt = Math.max(...evaluated.runs.map((run) => context.standing(run.id).pushedBy));
  return hasBegunAnew || askedAt - endedAt < SETTLES_WITHIN
    ? undefined
    : absent('the tag has moved since, though no run of the build has begun anew');
}

/** Milliseconds for which a registry may go on showing a tag as it was before it was pushed anew: until then it is asked often. */
export const SETTLES_WITHIN = 300_000;

function absent(reason: string): OwnershipDoubt {
  return { kind: 'absent', reason };
}

/**
 * A run that was going when CI was last asked for it, long ago, is asked for again: it may be over for long.
 * @returns a run that may have pushed the tag since, for a person; undefined: there is none
 */
async function findRival(question: OwnershipQuestion): Promise<string | OwnershipDoubt | undefined> {
  const { reference, rule, evaluated, request, context } = question;
  const find = (): Run[] => findRivals(rule.template, reference, evaluated, request, context.runs);
  const rivals = find();
  if (hasUnreadRival(rule.template, evaluated, context.runs)) return 'a run that cannot be read';
  if (rivals.length === 0 || rivals.some((run) => run.state !== 'running')) return describeRival(rivals[0]);
  const confirmed = await context.runs.confirm(rivals, context.listedAt - RUNNING_FOR);
  return confirmed.kind === 'failed' ? confirmed : describeRival(find()[0]);
}

function describeRival(run: Run | undefined): string | undefined {
  return run && `a newer run (branch ${run.branch}, commit ${run.commit.slice(0, 12)})`;
}

/** Milliseconds for which a run that was going is taken to go on. */
const RUNNING_FOR = 300_000;

/**
 * Milliseconds by which CI's word on a build's runs may be older than the first reading of its tag, where only a re-run of the same
 * commit pushes that tag anew: somebody must ask for it, and it must come as far as the push.
 */
const RERUN_TAKES = 60_000;

/**
 * What is read goes with the state that CI told at that time: an attempt that began since may have pushed what was read, and may end
 * red. Nothing need be confirmed of a digest that was proven before.
 */
export function whatToConfirm({
  image,
  rule,
  evaluated,
  askedAt,
  context,
}: OwnershipQuestion): Unconfirmed | undefined {
  const { pinBefore, standing, listedAt } = context;
  const pin = pinBefore(rule, evaluated.build);
  if (pin?.digest === image.digest) return undefined;
  const hasChanged = pin !== undefined;
  const listedSince = hasChanged || !rule.template.immutable ? askedAt : -Infinity;
  const runsSince = hasChanged ? askedAt : askedAt - RERUN_TAKES;
  // A listing serves all branches; each run that it does not show costs a call of its own.
  const unconfirmed = evaluated.runs.filter((run) => standing(run.id).confirmedAt < runsSince);
  const isConfirmed = listedAt >= listedSince && unconfirmed.length === 0;
  return isConfirmed ? undefined : { runs: unconfirmed, since: Math.max(listedSince, runsSince) };
}
