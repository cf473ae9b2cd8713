/** Searches for the newest green build whose images are all in the registry. */
import type { ImageContext, Unconfirmed } from './image-ownership.ts';
import type { Failed } from './ports.ts';
import { resolveImage, resolveImages, type ImageFinding, type ImageFindings } from './resolve-images.ts';
import { coversTime, type Coverage } from './coverage.ts';
import { selectImagePart, type EvaluatedBuild } from './evaluate-build.ts';
import type { BranchRequest, Build, ImageRule, PinnedImage, PinnedSet, Project } from './types.ts';

/** Milliseconds by which a committer's clock may be ahead. */
const COMMIT_CLOCK_MARGIN = 3_600_000;

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
  const { builds: candidates, isFinal } = limitTo(lookback, search);
  const examined: ExaminedBuild[] = [];
  for (const [index, evaluated] of candidates.entries()) {
    const own = await resolveImages(evaluated, request, context);
    const substituted = await substitute(own, index, search);
    const { findings } = substituted;
    examined.push({ evaluated, findings });
    const outcome = assemble(evaluated.build, findings);
    if (outcome !== undefined) return { outcome, examined };
    if (!substituted.isFinal && lacksOnlySubstitutes(findings, images)) {
      return { outcome: { kind: 'undecided' }, examined };
    }
  }
  return { outcome: { kind: isFinal ? 'none' : 'undecided' }, examined };
}

export interface SelectedGreens {
  /** Newest first. */
  readonly greens: readonly EvaluatedBuild[];
  /** The branch has no older green build. */
  readonly isAll: boolean;
}

/**
 * Selects the green builds, but none beyond the first whose status runs not read yet could still change. A
 * commit made well within the covered time has no older runs.
 * @param builds of the branch, newest first
 * @param coverage which runs of the branch were read
 */
export function selectGreenBuilds(
  builds: readonly EvaluatedBuild[],
  coverage: Coverage,
  project: Pick<Project, 'builds'>,
): SelectedGreens {
  const greens: EvaluatedBuild[] = [];
  for (const evaluated of builds) {
    if (evaluated.status !== 'green' && evaluated.status !== 'incomplete') continue;
    if (!isWhole(evaluated, coverage, project)) return { greens, isAll: false };
    if (evaluated.status === 'green') greens.push(evaluated);
  }
  return { greens, isAll: coverage.kind === 'complete' };
}

function isWhole(
  { committedAt }: EvaluatedBuild,
  coverage: Coverage,
  { builds }: Pick<Project, 'builds'>,
): boolean {
  // The commit's earlier pushes change nothing.
  if (coverage.kind === 'complete' || builds === 'statuses') return true;
  return committedAt !== null && coversTime(coverage, committedAt - COMMIT_CLOCK_MARGIN);
}

/** Builds worth looking up in the registry; final if no further one would be. */
interface Candidates {
  readonly builds: readonly EvaluatedBuild[];
  readonly isFinal: boolean;
}

/** @param lookback the most builds that are worth it */
export function limitTo(lookback: number, { greens, isAll }: SelectedGreens): Candidates {
  return { builds: greens.slice(0, lookback), isFinal: isAll || greens.length >= lookback };
}

/**
 * Builds that did not run the image's own workflow cannot have it and cost no call, so they do not count
 * towards `lookback`.
 */
function selectPrevious(rule: ImageRule, index: number, search: BuildSearch): Candidates {
  const { greens, isAll, request } = search;
  const { lookback } = request.project;
  if (rule.workflow === undefined) {
    const { builds, isFinal } = limitTo(lookback, search);
    return { builds: builds.slice(index + 1), isFinal };
  }
  const ran = greens.slice(index + 1).filter((evaluated) => selectImagePart(rule, evaluated) !== undefined);
  return limitTo(lookback, { greens: ran, isAll });
}

interface Substituted {
  readonly findings: ImageFindings;
  /** False if an older build that was not read yet could have an image that is still missing. */
  readonly isFinal: boolean;
}

/** Fills absent images that may come from another build (`onMissing`). */
async function substitute(findings: ImageFindings, index: number, search: BuildSearch): Promise<Substituted> {
  const { images } = search.request.project;
  const filled = new Map(findings);
  let isFinal = true;
  for (const rule of images) {
    const own = findings.get(rule.name);
    if (rule.onMissing === 'reject' || own?.kind !== 'absent') continue;
    const older = selectPrevious(rule, index, search);
    const previous = await findPrevious(rule, older.builds, search);
    if (previous !== undefined) filled.set(rule.name, previous);
    else if (!older.isFinal) isFinal = false;
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

async function findPrevious(
  rule: ImageRule,
  older: readonly EvaluatedBuild[],
  { request, context }: BuildSearch,
): Promise<ImageFinding | undefined> {
  for (const evaluated of older) {
    const finding = await resolveImage(rule, evaluated, request, context);
    if (finding.kind === 'pinned') return { ...finding, from: evaluated.build };
    if (finding.kind !== 'absent') return finding;
  }
  return undefined;
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
