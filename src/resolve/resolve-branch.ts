/**
 * The story of a question: which runs does CI know, which commits are green builds, which of them has all its images in the
 * registry, and is that answer one that may be given after the last one? (design §2)
 */
import type { UpstreamFailure } from '../errors.ts';
import { decide, decideUnremembered, markDoubtful, type Decision, type Found } from './decide.ts';
import type { BranchRuns, Doubt, ImageSource, LastGoodStore, RunSource } from './ports.ts';
import { searchBuilds, type ExaminedBuild, type SearchOutcome } from './search-builds.ts';
import { countIgnored, selectBuilds, type JudgedBuild } from './select-build.ts';
import { originOfPullRequest, selectOrigin, type SettledOrigin } from './select-origin.ts';
import type { BranchRequest, LastGood } from './types.ts';

/** Replicas that overtake each other again and again agree at the next poll. */
const MAX_DECISIONS = 3;

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
  /** Paths of all workflows that have runs of the branch, whether they count or not. */
  readonly workflows: ReadonlySet<string>;
}

/**
 * Resolves one branch. Never throws for an upstream's fault: that is a decision like any other.
 * Callers see to it that one key (`lastGoodKey`) is resolved once at a time.
 */
export async function resolveBranch(request: BranchRequest, ports: ResolvePorts): Promise<Resolution> {
  const { found, doubt, ...account } = await findNewestSet(request, ports);
  const decision = await decideAgainstLast(found, request, ports);
  return { decision: doubt === undefined ? decision : markDoubtful(decision, doubt), ...account };
}

/** Another replica may hand out something else for the branch meanwhile: then that is what must not be gone behind. */
async function decideAgainstLast(
  found: Found,
  request: BranchRequest,
  { images, lastGood: store }: ResolvePorts,
): Promise<Decision> {
  let lastGood = await recall(request, store);
  for (let attempt = 1; ; attempt++) {
    const decision =
      lastGood === 'unreadable'
        ? await decideUnremembered(found, request, images)
        : await decide(found, lastGood, request, images);
    if (decision.kind !== 'answered' || decision.freshness !== 'fresh') return decision;
    const { set, asOf: confirmedAt } = decision;
    const overtaking = await store.set(lastGoodKey(request), { set, confirmedAt });
    if (overtaking === undefined || attempt === MAX_DECISIONS) return decision;
    lastGood = withSameImages(overtaking, request);
  }
}

type Account = Omit<Resolution, 'decision'>;

async function findNewestSet(
  request: BranchRequest,
  ports: ResolvePorts,
): Promise<Account & { found: Found; doubt?: Doubt | undefined }> {
  let account: Account = { builds: [], examined: [], ignored: new Map(), workflows: new Set() };
  let known: BranchRuns = await ports.runs.readBranch(request.branch);
  while (known.kind === 'known') {
    const origin = await settleOrigin(known, request, ports.runs);
    if (origin.kind === 'failed') return { found: origin, ...account };
    if (origin.kind === 'excluded') return { found: { ...origin, asOf: known.asOf }, ...account };
    if (origin.kind !== 'undecided') {
      const builds = selectBuilds(known.runs, request.project, origin);
      const { outcome, examined } = await searchBuilds(builds, known.since, request, ports.images);
      account = {
        builds,
        examined,
        ignored: countIgnored(known.runs, request.project, origin),
        workflows: new Set(known.runs.map(({ workflow }) => workflow)),
      };
      if (outcome.kind === 'none' && known.doubt !== undefined) {
        return { found: { kind: 'failed', failure: known.doubt.failure }, ...account };
      }
      if (outcome.kind !== 'undecided') {
        return { found: date(outcome, known.asOf), doubt: known.doubt, ...account };
      }
    }
    known = await ports.runs.readFurther(request.branch);
  }
  return { found: known, ...account };
}

/** An answer is as old as the oldest thing that it rests on. */
function date(outcome: Exclude<SearchOutcome, { kind: 'undecided' }>, asOf: number): Found {
  if (outcome.kind === 'complete') return { ...outcome, asOf: Math.min(asOf, outcome.asOf ?? asOf) };
  return outcome.kind === 'none' ? { ...outcome, asOf } : outcome;
}

type Undecided =
  { readonly kind: 'undecided' } | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

async function settleOrigin(
  known: Extract<BranchRuns, { kind: 'known' }>,
  request: BranchRequest,
  source: RunSource,
): Promise<SettledOrigin | Undecided> {
  const guess = selectOrigin(known.runs, request);
  if (guess.kind !== 'ask') return trustRuns(guess, known.since);
  const head = await source.readPullRequest(guess.number);
  if (head.kind === 'known') return originOfPullRequest(head.foreign, head.headRepositoryId, request);
  const { otherwise } = guess;
  // Nothing speaks for a fork: a token that may not read pull requests, or a blip, must not cost our branch its environment.
  if (otherwise.kind === 'own' && !known.runs.some((run) => run.foreign)) return otherwise;
  const forbidden = head.failure.kind === 'denied' || head.failure.kind === 'not_found';
  return forbidden ? trustRuns(otherwise, known.since) : head;
}

/** That a pull request is a fork's is said by runs only when all of them were read: one of ours may lie further back. */
function trustRuns(origin: SettledOrigin, since: number | null): SettledOrigin | Undecided {
  return origin.kind === 'own' || since === null ? origin : { kind: 'undecided' };
}

/**
 * What was handed out last. An answer from before an image was added to or taken out of the project is none: it would lack a promised
 * key.
 */
export async function recall(
  request: BranchRequest,
  store: Pick<LastGoodStore, 'get'>,
): Promise<LastGood | 'unreadable' | undefined> {
  const lastGood = await store.get(lastGoodKey(request));
  return typeof lastGood === 'object' ? withSameImages(lastGood, request) : lastGood;
}

function withSameImages(lastGood: LastGood, request: BranchRequest): LastGood | undefined {
  const names = Object.keys(lastGood.set.images);
  const { images } = request.project;
  const same = names.length === images.length && images.every((rule) => names.includes(rule.name));
  return same ? lastGood : undefined;
}

/** A branch that comes back under a new pull request starts clean (design §2). */
export function lastGoodKey(request: BranchRequest): string {
  return JSON.stringify([request.project.name, request.branch, request.number ?? '']);
}
