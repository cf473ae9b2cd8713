/**
 * Finds runs of other commits that may have pushed a build's tag after it: while there is one, the tag's
 * image may not be the build's. Pure.
 */
import {
  renderBranchParts,
  renderImageTemplate,
  type ImageTemplate,
  type TemplateVariable,
} from '../image/template.ts';
import type { RunSource, UnreadRun } from './ports.ts';
import { compareRuns } from './run-order.ts';
import { mayPushLater } from './run-state.ts';
import { imageCommit, tagBranch, type BuildPart } from './evaluate-build.ts';
import { mayBuildImage } from './named-workflows.ts';
import type { BranchRequest, Build, ImageRule, Run } from './types.ts';

export type KnownRuns = Pick<
  RunSource,
  | 'branchNames'
  | 'peekRuns'
  | 'peekBranchless'
  | 'peekPullRequest'
  | 'peekCommit'
  | 'peekNumber'
  | 'peekUnread'
>;

/** The shortest prefix that the commit index supports. */
const SHORTEST_PREFIX = 7;
const WHOLE_COMMIT = 40;
/** Exceeds CI's limit on re-runs (GitHub: 50). */
const MAX_ATTEMPTS = 100;

/**
 * @param reference as the template renders it for the build
 * @returns runs of any outcome, on any branch, that render the same tag: one finished run or, without one,
 *   all unfinished ones; empty if only the build can have the tag
 */
export function findRivals(
  rule: ImageRule,
  reference: string,
  evaluated: BuildPart,
  request: BranchRequest,
  known: KnownRuns,
): Run[] {
  const { template } = rule;
  const unfinished: Run[] = [];
  for (const run of candidates(template, evaluated, request, known)) {
    const isRival =
      imageCommit(run) !== evaluated.build.builtCommit &&
      mayPushImage(run, rule, request) &&
      mayHavePushedSince(run, evaluated, request) &&
      mayRender(template, reference, run, branchOf(run, evaluated.build, known), request);
    if (!isRival) continue;
    if (!mayPushLater(run, request.project)) return [run];
    unfinished.push(run);
  }
  return unfinished;
}

/** @returns whether an unreadable run that was created after the build began may have pushed its tag */
export function hasUnreadRival(
  template: ImageTemplate,
  { build, startedAt }: BuildPart,
  known: KnownRuns,
): boolean {
  return known
    .peekUnread()
    .some(
      (run) =>
        (run.commit !== build.commit || build.builtCommit !== build.commit) &&
        (run.createdAt ?? Infinity) >= startedAt &&
        mayShareTag(run, template, build),
    );
}

/**
 * If the tag contains the commit or the build's id, only a run known to have the same commit can share it.
 * Chance collisions are negligible.
 */
function mayShareTag({ branch, commit }: UnreadRun, template: ImageTemplate, build: Build): boolean {
  const { commitDigits, immutable } = template;
  if (immutable) {
    const isPrefix = commitDigits > 0 && commitDigits < WHOLE_COMMIT;
    return isPrefix && commit !== null && commit.startsWith(build.builtCommit.slice(0, commitDigits));
  }
  if (branch === null || branch === tagBranch(build)) return true;
  return (
    !holdsWhole(template, 'pull_request') &&
    branchText(template, branch) === branchText(template, tagBranch(build))
  );
}

/**
 * A pull request's number is known for its own branch only, so no other branch's run can render the whole
 * number, though it may render its beginning.
 */
function holdsWhole({ parts }: ImageTemplate, variable: TemplateVariable): boolean {
  return parts.some(
    (part) => typeof part !== 'string' && part.variable === variable && part.length === undefined,
  );
}

/** Narrows to runs that may have the same tag, to avoid rendering it for every run of the repository. */
function candidates(
  template: ImageTemplate,
  { build }: BuildPart,
  { number }: BranchRequest,
  known: KnownRuns,
): Iterable<Run> {
  const { variables, commitDigits, immutable } = template;
  if (commitDigits >= WHOLE_COMMIT || (immutable && commitDigits === 0)) return [];
  if (commitDigits >= SHORTEST_PREFIX) return known.peekCommit(build.builtCommit.slice(0, commitDigits));
  if (holdsWhole(template, 'pull_request')) return known.peekRuns({ branch: build.branch, number });
  const names = known.branchNames();
  if (variables.has('branch') || variables.has('ref_slug')) {
    return runsOf(branchesLike(tagBranch(build), template, names), known);
  }
  return holdsWhole(template, 'build_number') ? known.peekNumber(build.number) : runsOf(names, known);
}

/** Lazy, since one of the first runs usually decides. */
function* runsOf(branches: readonly string[], known: KnownRuns): Iterable<Run> {
  for (const branch of branches) yield* known.peekRuns({ branch });
  yield* known.peekBranchless();
}

type BranchesByText = ReadonlyMap<string, readonly string[]>;

/** Keyed by the array of names, which is the same until a branch comes or goes, then by template. */
const grouped = new WeakMap<readonly string[], Map<string, BranchesByText>>();

function branchesLike(branch: string, template: ImageTemplate, names: readonly string[]): readonly string[] {
  const byTemplate = grouped.get(names) ?? new Map<string, BranchesByText>();
  grouped.set(names, byTemplate);
  const byText =
    byTemplate.get(template.text) ?? Map.groupBy(names, (name) => branchText(template, name) ?? '');
  byTemplate.set(template.text, byText);
  return byText.get(branchText(template, branch) ?? '') ?? [branch];
}

/** @returns undefined if the branch has no tag */
function branchText(template: ImageTemplate, branch: string): string | undefined {
  try {
    return renderBranchParts(template, branch);
  } catch {
    return undefined;
  }
}

function mayPushImage(run: Run, rule: ImageRule, { project }: BranchRequest): boolean {
  return run.state !== 'skipped' && (run.mayPush || project.forks) && mayBuildImage(run, rule, project);
}

/**
 * True for a run that began after the build began or ended after the build ended. A run that began and ended
 * earlier (an older commit's, cancelled in favor of the newer one) was overwritten by the build. In a build
 * that was run again, under the same id or another (Jenkins: "Restart from Stage"), the first run may have
 * pushed the image, and CI does not report when.
 */
function mayHavePushedSince(
  run: Run,
  { runs, repeated, startedAt, build }: BuildPart,
  { project }: BranchRequest,
): boolean {
  const overwrittenBefore = repeated ? startedAt : build.finishedAt;
  if (mayPushLater(run, project) || run.updatedAt >= overwrittenBefore) return true;
  if (run.startedAt !== startedAt) return run.startedAt > startedAt;
  return runs.every((own) => compareRuns(run, own) >= 0);
}

/** A run that names only a pull request not read yet may belong to the build's branch. */
function branchOf({ branch, pullRequest }: Run, build: Build, known: KnownRuns): string {
  const head = pullRequest === null ? undefined : known.peekPullRequest(pullRequest);
  return branch ?? head?.headBranch ?? tagBranch(build);
}

/** Tries earlier attempts too, since each has its own tag. */
function mayRender(
  template: ImageTemplate,
  reference: string,
  run: Run,
  branch: string,
  request: BranchRequest,
): boolean {
  const attempts = template.variables.has('attempt') ? Math.min(run.attempt, MAX_ATTEMPTS) : 1;
  for (let back = 0; back < attempts; back++) {
    const attempt = String(run.attempt - back);
    if (renderFor(template, run, attempt, branch, request) === reference) return true;
  }
  return false;
}

function renderFor(
  template: ImageTemplate,
  run: Run,
  attempt: string,
  branch: string,
  request: BranchRequest,
): string | undefined {
  try {
    return renderImageTemplate(template, {
      commit: imageCommit(run),
      branch,
      buildId: run.id,
      buildNumber: run.number,
      attempt,
      pullRequest: run.pullRequest ?? request.number,
    });
  } catch {
    return undefined;
  }
}
