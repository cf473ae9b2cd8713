/** Searches for the newest green build whose images are all in the registry. */
import type { ImageContext, Unconfirmed } from './image-ownership.ts';
import type { Failed } from './ports.ts';
import { resolveImages, type ImageFinding, type ImageFindings } from './resolve-images.ts';
import type { SelectedGreens } from './select-green-builds.ts';
import type { EvaluatedBuild } from './evaluate-build.ts';
import { findLentImage, type LentImage } from './find-lent-image.ts';
import { compareBuilds } from './select-builds.ts';
import type { BranchRequest, Build, ImageRule, PinnedImage, PinnedSet } from './types.ts';

/** A green build with the findings on its images. */
export interface ExaminedBuild {
  readonly evaluated: EvaluatedBuild;
  readonly findings: ImageFindings;
}

export type SearchOutcome =
  | {
      readonly kind: 'complete';
      readonly set: PinnedSet;
      /** Oldest confirmation of an image, milliseconds since the epoch; null if none is needed. */
      readonly asOf: number | null;
      /** Names of the images that come from an earlier build of the branch (`onMissing`). */
      readonly substituted: readonly string[];
      /** The set counts once CI has confirmed these runs. */
      readonly unconfirmed?: Unconfirmed | undefined;
    }
  /** There is certainly no green and complete build. */
  | { readonly kind: 'none' }
  /** Runs that have not been read yet could decide. */
  | { readonly kind: 'undecided' }
  | Failed
  | { readonly kind: 'invalid'; readonly reason: string };

export interface SearchResult {
  readonly outcome: SearchOutcome;
  /** Newest first; the last one decided. */
  readonly examined: readonly ExaminedBuild[];
}

/** Finds an image in the target branch (`onMissing: target`). Never throws. */
export type FindInTarget = (rule: ImageRule) => Promise<ImageFinding>;

/** A search through one branch's builds. */
interface BuildSearch extends SelectedGreens {
  readonly request: BranchRequest;
  readonly context: ImageContext;
  readonly findInTarget: FindInTarget;
}

export async function searchBuilds(
  selected: SelectedGreens,
  request: BranchRequest,
  context: ImageContext,
  findInTarget: FindInTarget,
): Promise<SearchResult> {
  const search = { ...selected, request, context, findInTarget };
  const { lookback, images } = request.project;
  const { greens, isAll } = selected;
  const examined: ExaminedBuild[] = [];
  for (const evaluated of greens.slice(0, lookback)) {
    const own = await resolveImages(evaluated, request, context);
    const substituted = await substitute(own, evaluated, search);
    const { findings } = substituted;
    examined.push({ evaluated, findings });
    const outcome = assemble(evaluated.build, findings);
    if (outcome !== undefined) return { outcome, examined };
    if (!substituted.isFinal && lacksOnlySubstitutes(findings, images)) {
      return { outcome: { kind: 'undecided' }, examined };
    }
  }
  return { outcome: { kind: isAll || greens.length >= lookback ? 'none' : 'undecided' }, examined };
}

interface Substituted {
  readonly findings: ImageFindings;
  /** False if an older build that was not read yet could have an image that is still missing. */
  readonly isFinal: boolean;
}

/** Fills absent images that may come from another build (`onMissing`). */
async function substitute(
  findings: ImageFindings,
  evaluated: EvaluatedBuild,
  search: BuildSearch,
): Promise<Substituted> {
  const { images } = search.request.project;
  const filled = new Map(findings);
  let isFinal = true;
  for (const rule of images) {
    const own = findings.get(rule.name);
    if (rule.onMissing === 'reject' || own?.kind !== 'absent') continue;
    const previous = await findPrevious(rule, evaluated, search);
    if (previous.finding !== undefined) filled.set(rule.name, previous.finding);
    else if (!previous.isFinal) isFinal = false;
    else if (rule.onMissing === 'target' && lacksOnlySubstitutes(findings, images)) {
      filled.set(rule.name, withReason(own.reason, await search.findInTarget(rule)));
    }
  }
  return { findings: filled, isFinal };
}

/** @param reason why the branch's own build does not have the image */
function withReason(reason: string, inTarget: ImageFinding): ImageFinding {
  return inTarget.kind === 'absent' ? { ...inTarget, reason: `${reason}; ${inTarget.reason}` } : inTarget;
}

/** Searches the older builds of the branch. */
function findPrevious(rule: ImageRule, of: EvaluatedBuild, search: BuildSearch): Promise<LentImage> {
  const { greens, partial, isAll, request, context } = search;
  const isOlder = ({ build }: EvaluatedBuild): boolean => compareBuilds(build, of.build) < 0;
  const older = { greens: greens.filter(isOlder), partial: partial.filter(isOlder), isAll };
  // Without a workflow of the image's own, the newer builds may have it, too, and were searched.
  const searched = rule.workflow === undefined ? greens.length - older.greens.length : 0;
  return findLentImage(rule, older, searched, request, context);
}

/** If true, an older build that was not read yet could complete this one, so it must not be skipped. */
function lacksOnlySubstitutes(findings: ImageFindings, rules: readonly ImageRule[]): boolean {
  return rules.every((rule) => findings.get(rule.name)?.kind !== 'absent' || rule.onMissing !== 'reject');
}

/**
 * Assembles the set of a build. A failure outweighs an absence: while a registry does not answer, nothing
 * older is handed out.
 * @returns undefined if the build is known to lack an image
 */
function assemble(build: Build, findings: ImageFindings): SearchOutcome | undefined {
  const all = [...findings];
  const images: Record<string, PinnedImage> = {};
  for (const [name, finding] of all) {
    if (finding.kind === 'invalid') return finding;
    if (finding.kind === 'pinned') images[name] = finding.image;
  }
  for (const [, finding] of all) {
    if (finding.kind === 'failed') return { kind: 'failed', failure: finding.failure };
  }
  if (Object.keys(images).length < all.length) return undefined;
  const pinned = all.flatMap(([name, finding]) => (finding.kind === 'pinned' ? [{ name, ...finding }] : []));
  const asOf = pinned.flatMap((finding) => finding.asOf ?? []);
  return {
    kind: 'complete',
    set: { build, images },
    asOf: asOf.length === 0 ? null : Math.min(...asOf),
    substituted: pinned.flatMap(({ name, from, image }) =>
      from === undefined || image.target !== undefined ? [] : [name],
    ),
    unconfirmed: joinUnconfirmed(pinned.map((finding) => finding.unconfirmed)),
  };
}

function joinUnconfirmed(all: readonly (Unconfirmed | undefined)[]): Unconfirmed | undefined {
  const some = all.filter((one) => one !== undefined);
  if (some.length === 0) return undefined;
  return {
    runs: [...new Set(some.flatMap(({ runs }) => runs))],
    gates: [...new Set(some.flatMap(({ gates }) => gates))],
    since: Math.max(...some.map(({ since }) => since)),
  };
}
