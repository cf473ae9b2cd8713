/** Searches for the newest green build whose images are all in the registry. */
import type { ImageContext, Unconfirmed } from './image-ownership.ts';
import type { Failed } from './ports.ts';
import { resolveImage, resolveImages, type ImageFinding, type ImageFindings } from './resolve-images.ts';
import { coversTime, type Coverage } from './coverage.ts';
import type { EvaluatedBuild } from './select-builds.ts';
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
      /** Names of the images that come from an older build (`onMissing: previous`). */
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

export async function searchBuilds(
  selected: SelectedGreens,
  request: BranchRequest,
  context: ImageContext,
): Promise<SearchResult> {
  const { lookback } = request.project;
  const greens = selected.greens.slice(0, lookback);
  const final = selected.isAll || greens.length === lookback;
  const examined: ExaminedBuild[] = [];
  for (const [index, evaluated] of greens.entries()) {
    const own = await resolveImages(evaluated, request, context);
    const findings = await substitute(own, greens.slice(index + 1), request, context);
    examined.push({ evaluated, findings });
    const outcome = assemble(evaluated.build, findings);
    if (outcome !== undefined) return { outcome, examined };
    if (!final && lacksOnlySubstitutes(findings, request.project.images)) break;
  }
  return { outcome: { kind: final ? 'none' : 'undecided' }, examined };
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
    if (evaluated.status === 'unsuccessful' || evaluated.status === 'running') continue;
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

/** Fills absent images that may come from an earlier build (`onMissing: previous`). */
async function substitute(
  findings: ImageFindings,
  older: readonly EvaluatedBuild[],
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFindings> {
  const filled = new Map(findings);
  for (const rule of request.project.images) {
    if (rule.onMissing !== 'previous' || findings.get(rule.name)?.kind !== 'absent') continue;
    const previous = await findPrevious(rule, older, request, context);
    if (previous !== undefined) filled.set(rule.name, previous);
  }
  return filled;
}

async function findPrevious(
  rule: ImageRule,
  older: readonly EvaluatedBuild[],
  request: BranchRequest,
  context: ImageContext,
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
  return rules.every((rule) => findings.get(rule.name)?.kind !== 'absent' || rule.onMissing === 'previous');
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
    substituted: pinned.flatMap((finding) => (finding.from === undefined ? [] : [finding.name])),
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
