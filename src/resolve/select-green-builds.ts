/** Selects a branch's green builds, as far as they are certain. Pure. */
import { coversTime, type Coverage } from './coverage.ts';
import type { EvaluatedBuild } from './evaluate-build.ts';
import type { Project } from './types.ts';

/** Milliseconds by which a committer's clock may be ahead. */
const COMMIT_CLOCK_MARGIN = 3_600_000;

export interface SelectedGreens {
  /** Newest first. */
  readonly greens: readonly EvaluatedBuild[];
  /** Builds that lend images, but make no set (`EvaluatedBuild.isPartial`); their gates were not read. */
  readonly partial: readonly EvaluatedBuild[];
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
  const partial: EvaluatedBuild[] = [];
  for (const evaluated of builds) {
    if (evaluated.status !== 'green' && evaluated.status !== 'incomplete') continue;
    if (!isWhole(evaluated, coverage, project)) return { greens, partial, isAll: false };
    if (evaluated.status === 'green') greens.push(evaluated);
    else if (evaluated.isPartial) partial.push(evaluated);
  }
  return { greens, partial, isAll: coverage.kind === 'complete' };
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
