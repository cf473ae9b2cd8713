/**
 * The story of a question: which runs does CI know, which commits are green builds, which of them has all its images in the
 * registry, and is that answer one that may be given after the last one? (design §2)
 */
import type { UpstreamFailure } from '../errors.ts';
import { decide, type Decision, type Found } from './decide.ts';
import type { BranchRuns, ImageSource, LastGoodStore, RunSource } from './ports.ts';
import { searchBuilds, type ExaminedBuild, type SearchOutcome } from './search-builds.ts';
import { countIgnored, selectBuilds, type JudgedBuild } from './select-build.ts';
import { originOfPullRequest, selectOrigin, type SettledOrigin } from './select-origin.ts';
import type { BranchRequest, LastGood, Run } from './types.ts';

/** What the core is handed for one question. */
export interface ResolvePorts {
  readonly runs: RunSource;
  readonly images: ImageSource;
  readonly lastGood: LastGoodStore;
}

/** An answer together with its reasons. */
export interface Resolution {
  readonly decision: Decision;
  /** The branch's commits that have runs that count, newest first. */
  readonly builds: readonly JudgedBuild[];
  /** The green builds whose images were asked for, newest first. */
  readonly examined: readonly ExaminedBuild[];
  /** Runs of the branch that don't count, as a sentence with how many there are of each. */
  readonly ignored: ReadonlyMap<string, number>;
}

/**
 * Resolves one branch. Never throws for an upstream's fault: that is a decision like any other.
 * Callers see to it that one key (`lastGoodKey`) is resolved once at a time.
 */
export async function resolveBranch(request: BranchRequest, ports: ResolvePorts): Promise<Resolution> {
  const { found, ...account } = await findNewestSet(request, ports);
  const lastGood = await recall(request, ports.lastGood);
  const decision = await decide(found, lastGood, request, ports.images);
  if (decision.kind === 'answered' && decision.freshness === 'fresh') {
    await ports.lastGood.set(lastGoodKey(request), { set: decision.set, confirmedAt: decision.asOf });
  }
  return { decision, ...account };
}

type Account = Omit<Resolution, 'decision'>;

async function findNewestSet(
  request: BranchRequest,
  ports: ResolvePorts,
): Promise<Account & { found: Found }> {
  let account: Account = { builds: [], examined: [], ignored: new Map() };
  let known = await readBranch(request, ports.runs);
  while (known.kind === 'known') {
    const origin = await settleOrigin(known.runs, request, ports.runs);
    if (origin.kind === 'failed') return { found: origin, ...account };
    if (origin.kind === 'excluded') return { found: { ...origin, asOf: known.asOf }, ...account };
    const builds = selectBuilds(known.runs, request.project, origin);
    const { outcome, examined } = await searchBuilds(builds, known.since, request, ports.images);
    account = { builds, examined, ignored: countIgnored(known.runs, request.project, origin) };
    if (outcome.kind !== 'undecided') return { found: date(outcome, known.asOf), ...account };
    known = await ports.runs.readFurther(request.branch);
  }
  return { found: known, ...account };
}

/**
 * Whose the pull request is, its head tells. A head that is not among the branch's runs may be a fork's whose runs lie further back.
 * (What was read is kept, so that a head without runs, as one that CI skips, costs this once.)
 */
async function readBranch({ branch, headSha }: BranchRequest, runs: RunSource): Promise<BranchRuns> {
  let known = await runs.readBranch(branch);
  while (known.kind === 'known' && known.since !== null && headSha !== undefined) {
    if (known.runs.some((run) => run.commit === headSha)) return known;
    known = await runs.readFurther(branch);
  }
  return known;
}

/** An answer is as old as the oldest thing that it rests on. */
function date(outcome: Exclude<SearchOutcome, { kind: 'undecided' }>, asOf: number): Found {
  if (outcome.kind === 'complete') return { ...outcome, asOf: Math.min(asOf, outcome.asOf ?? asOf) };
  return outcome.kind === 'none' ? { ...outcome, asOf } : outcome;
}

async function settleOrigin(
  runs: readonly Run[],
  request: BranchRequest,
  source: RunSource,
): Promise<SettledOrigin | { kind: 'failed'; failure: UpstreamFailure }> {
  const guess = selectOrigin(runs, request);
  if (guess.kind !== 'ask') return guess;
  const head = await source.readPullRequest(guess.number);
  if (head.kind === 'known') return originOfPullRequest(head.foreign, head.headRepositoryId, request);
  const forbidden = head.failure.kind === 'denied' || head.failure.kind === 'not_found';
  return forbidden && guess.otherwise !== undefined ? guess.otherwise : head;
}

/** A last good answer from before an image was added to or taken out of the project would lack a promised key. */
async function recall(request: BranchRequest, store: LastGoodStore): Promise<LastGood | undefined> {
  const lastGood = await store.get(lastGoodKey(request));
  if (lastGood === undefined) return undefined;
  const names = Object.keys(lastGood.set.images);
  const { images } = request.project;
  const same = names.length === images.length && images.every((rule) => names.includes(rule.name));
  return same ? lastGood : undefined;
}

/** A branch that comes back under a new pull request starts clean (design §2). */
export function lastGoodKey(request: BranchRequest): string {
  return JSON.stringify([request.project.name, request.branch, request.number ?? '']);
}
