/**
 * The story of a question: which runs does CI know, which commits are green builds, which of them has all its images in the
 * registry, and is that answer one that may be given after the last one? (design §2)
 */
import type { UpstreamFailure } from '../errors.ts';
import { decide, goesBack, markDoubtful, markUnremembered, type Found } from './decide.ts';
import { decideProvenNothing, type Decision } from './decision.ts';
import { isNeverHandedOut } from './never-handed-out.ts';
import { createPins, type Pins } from './pins.ts';
import type { Coverage } from './coverage.ts';
import type { BranchRuns, Doubt, ImageSource, LastGoodStore, PinMemory, RunSource } from './ports.ts';
import { judgeStored, lastGoodKey, recall, type Remembered } from './recall.ts';
import type { ImageContext } from './image-ownership.ts';
import { resolveImage } from './resolve-images.ts';
import { searchBuilds, type ExaminedBuild, type SearchOutcome } from './search-builds.ts';
import { countIgnored, rebuild, selectBuilds, type JudgedBuild } from './select-build.ts';
import { originOfPullRequest, selectOrigin, type SettledOrigin } from './select-origin.ts';
import type { BranchRequest, PinnedImage } from './types.ts';

/** Replicas that overtake each other again and again agree at the next poll. */
const MAX_DECISIONS = 3;
/** What CI tells may change while it is asked again; more often than this, in one question, it is not believed. */
const MAX_CONFIRMATIONS = 2;

/** What the core is handed for one question. */
export interface ResolvePorts {
  readonly runs: RunSource;
  readonly images: ImageSource;
  readonly lastGood: LastGoodStore;
  readonly pins: PinMemory;
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
  /** Branches that CI has runs of: of a branch that it has never heard of, the one that was meant may be among them. */
  readonly knownBranches: readonly string[];
}

/**
 * Resolves one branch. Never throws for an upstream's fault: that is a decision like any other.
 * Callers see to it that one key (`lastGoodKey`) is resolved once at a time.
 */
export async function resolveBranch(request: BranchRequest, ports: ResolvePorts): Promise<Resolution> {
  const remembered = await recall(request, ports.lastGood, ports.images);
  const pins = createPins(remembered, request, ports.pins);
  const search = await findNewestSet(request, ports, pins);
  const decision = await decideAgainstLast(search, remembered, pins, request, ports);
  const { doubt, builds, examined, ignored, workflows } = search;
  return {
    decision: doubt === undefined ? decision : markDoubtful(decision, doubt),
    builds,
    examined,
    ignored,
    workflows,
    knownBranches: ports.runs.branchNames(),
  };
}

/** Another replica may hand out something else for the branch meanwhile: then that is what must not be gone behind. */
async function decideAgainstLast(
  search: Search,
  first: Remembered,
  pins: Pins,
  request: BranchRequest,
  ports: ResolvePorts,
): Promise<Decision> {
  let remembered = first;
  for (let attempt = 1; ; attempt++) {
    const decision = await decideOnce(search, remembered, pins, request, ports);
    if (decision.kind !== 'answered' || decision.freshness !== 'fresh') return decision;
    pins.note(decision.set);
    const { set, asOf: confirmedAt } = decision;
    const overtaking = await ports.lastGood.set(lastGoodKey(request), { set, confirmedAt });
    if (overtaking === undefined || attempt === MAX_DECISIONS) return decision;
    remembered = judgeStored(overtaking, request, ports.images);
  }
}

async function decideOnce(
  search: Search,
  remembered: Remembered,
  pins: Pins,
  request: BranchRequest,
  ports: ResolvePorts,
): Promise<Decision> {
  const { found } = search;
  const completed = await complete(remembered, search, pins, request, ports);
  const decision = await decide(found, completed, request, ports.images);
  if (remembered.kind === 'unreadable') return markUnremembered(decision, search.builds);
  if (
    found.kind === 'failed' &&
    decision.kind === 'failed' &&
    (await isNeverHandedOut(request, remembered, ports))
  ) {
    return decideProvenNothing(decision, search.listedAt);
  }
  return decision;
}

/** Images that were added to the project are looked for in the build that was handed out: what it pushed, it pushed with the others. */
async function complete(
  remembered: Remembered,
  { found, builds, context }: Search,
  pins: Pins,
  request: BranchRequest,
  { images, runs }: ResolvePorts,
): Promise<Remembered> {
  if (remembered.kind !== 'partial') return remembered;
  const { lastGood, missing } = remembered;
  if (found.kind === 'complete' && !goesBack(found, lastGood)) return remembered;
  const { build } = lastGood.set;
  const judged = builds.find((one) => one.build.commit === build.commit) ?? rebuild(build);
  // Run again since: the image may be a later attempt's, which is not green.
  if (judged.verdict !== 'green') return remembered;
  const added: Record<string, PinnedImage> = {};
  for (const rule of missing) {
    const known = context ?? {
      images,
      runs,
      standing: neverTold,
      listedAt: -Infinity,
      pinBefore: pins.before,
    };
    const finding = await resolveImage(rule, judged, request, known);
    if (finding.kind !== 'pinned' || finding.unconfirmed !== undefined) return remembered;
    added[rule.name] = finding.image;
  }
  return {
    kind: 'whole',
    lastGood: { ...lastGood, set: { build, images: { ...lastGood.set.images, ...added } } },
  };
}

function neverTold() {
  return { confirmedAt: -Infinity, pushedBy: 0 };
}

/** What was found, and the account of how. */
interface Search extends Omit<Resolution, 'decision' | 'knownBranches'> {
  readonly found: Found;
  readonly doubt?: Doubt | undefined;
  /** What was known of the runs; undefined: nothing. */
  readonly context?: ImageContext;
  /** When CI last listed the runs, milliseconds since the epoch. */
  readonly listedAt: number;
}

const EMPTY = { builds: [], examined: [], ignored: new Map(), workflows: new Set<string>(), listedAt: 0 };

/** Searches again after CI was asked to confirm what it had told before the registry was read. */
async function findNewestSet(request: BranchRequest, ports: ResolvePorts, pins: Pins): Promise<Search> {
  for (let confirmations = 0; ; confirmations++) {
    const search = await searchOnce(request, ports, pins);
    const { found } = search;
    if (found.kind !== 'complete' || found.unconfirmed === undefined) return search;
    if (confirmations === MAX_CONFIRMATIONS) return { ...search, found: neverConfirmed(request) };
    const { runs, since } = found.unconfirmed;
    const confirmed = await ports.runs.confirm(runs, since);
    if (confirmed.kind === 'failed') return { ...search, found: confirmed };
  }
}

function neverConfirmed({ project }: BranchRequest): Found {
  const message = `CI does not confirm what it told of the runs of ${project.gitRepository}`;
  return { kind: 'failed', failure: { kind: 'malformed', host: project.ci, message } };
}

async function searchOnce(request: BranchRequest, ports: ResolvePorts, pins: Pins): Promise<Search> {
  let search: Omit<Search, 'found'> = EMPTY;
  let known: BranchRuns = await ports.runs.read(request);
  while (known.kind === 'known') {
    const { asOf, doubt } = known;
    const origin = await settleOrigin(known, request, ports.runs);
    if (origin.kind === 'failed') return { ...search, found: origin };
    if (origin.kind === 'excluded') return { ...search, found: { ...origin, asOf } };
    if (origin.kind !== 'undecided') {
      const context = contextOf(known, ports, pins);
      const builds = selectBuilds(known.runs, request, origin);
      const { outcome, examined } = await searchBuilds(builds, known.coverage, request, context);
      const ignored = countIgnored(known.runs, request.project, origin);
      const workflows = new Set(known.runs.map(({ workflow }) => workflow));
      search = { builds, examined, ignored, workflows, context, listedAt: asOf };
      if (outcome.kind === 'none' && doubt !== undefined) {
        return { ...search, found: { kind: 'failed', failure: doubt.failure } };
      }
      if (outcome.kind !== 'undecided') {
        return { ...search, found: date(outcome, asOf, known.runs.length > 0), doubt };
      }
    }
    known = await ports.runs.readFurther(request);
  }
  return { ...search, found: known };
}

function contextOf(
  { standing, asOf }: Extract<BranchRuns, { kind: 'known' }>,
  { images, runs }: ResolvePorts,
  pins: Pins,
): ImageContext {
  return { images, runs, standing, listedAt: asOf, pinBefore: pins.before };
}

/** An answer is as old as the oldest thing that it rests on. */
function date(outcome: Exclude<SearchOutcome, { kind: 'undecided' }>, asOf: number, heard: boolean): Found {
  if (outcome.kind === 'complete') return { ...outcome, asOf: Math.min(asOf, outcome.asOf ?? asOf) };
  return outcome.kind === 'none' ? { ...outcome, asOf, heard } : outcome;
}

type Undecided =
  { readonly kind: 'undecided' } | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

async function settleOrigin(
  known: Extract<BranchRuns, { kind: 'known' }>,
  request: BranchRequest,
  source: RunSource,
): Promise<SettledOrigin | Undecided> {
  const guess = selectOrigin(known.runs, request);
  if (guess.kind !== 'ask') return trustRuns(guess, known.coverage);
  const head = await source.readPullRequest(guess.number);
  if (head.kind === 'known') return originOfPullRequest(head.foreign, head.headRepositoryId, request);
  const { otherwise } = guess;
  // Nothing speaks for a fork: a token that may not read pull requests, or a blip, must not cost our branch its environment.
  if (otherwise.kind === 'own' && !known.runs.some((run) => run.foreign)) return otherwise;
  const forbidden = head.failure.kind === 'denied' || head.failure.kind === 'not_found';
  return forbidden ? trustRuns(otherwise, known.coverage) : head;
}

/** That a pull request is a fork's is said by runs only when all of them were read: one of ours may lie further back. */
function trustRuns(origin: SettledOrigin, coverage: Coverage): SettledOrigin | Undecided {
  return origin.kind === 'own' || coverage.kind === 'complete' ? origin : { kind: 'undecided' };
}
