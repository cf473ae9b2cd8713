/** Finds the newest complete set of a branch, with as much coverage and confirmation as needed. */
import { admitBuilds } from './admit-builds.ts';
import type { Found } from './decide.ts';
import { createTargetSearch } from './find-in-target.ts';
import type { ImageContext, Unconfirmed } from './image-ownership.ts';
import type { Pins } from './pins.ts';
import type { BranchRuns, Failed, SearchPorts, StatusGate, UnresolvedRun } from './ports.ts';
import { resolveOrigin } from './resolve-origin.ts';
import { searchBuilds, type ExaminedBuild, type SearchOutcome, type SearchResult } from './search-builds.ts';
import { selectGreenBuilds, type SelectedGreens } from './select-green-builds.ts';
import type { EvaluatedBuild } from './evaluate-build.ts';
import { selectBuilds, type SelectedBuilds } from './select-builds.ts';
import type { Origin } from './select-origin.ts';
import type { BranchRequest, Project } from './types.ts';

/** CI's answer may change with each confirmation. After this many, CI counts as unreliable. */
const MAX_CONFIRMATIONS = 2;

/** The builds that a search looked at. */
interface SearchTrace extends SelectedBuilds {
  readonly examined: readonly ExaminedBuild[];
  /** Undefined if no runs could be read. */
  readonly context?: ImageContext;
  /** When CI last listed the runs, milliseconds since the epoch. */
  readonly listedAt: number;
}

export interface Search extends SearchTrace {
  readonly found: Found;
  readonly unresolved?: UnresolvedRun | undefined;
}

const NOTHING_SEARCHED: SearchTrace = {
  builds: [],
  examined: [],
  ignored: new Map(),
  workflows: new Set(),
  listedAt: 0,
};

/** If runs were listed before the registry was read, has CI confirm them and searches again. */
export async function findNewestSet(request: BranchRequest, ports: SearchPorts, pins: Pins): Promise<Search> {
  for (let confirmations = 0; ; confirmations++) {
    const search = await searchRuns(request, ports, pins);
    const { found } = search;
    if (found.kind !== 'complete' || found.unconfirmed === undefined) return search;
    if (confirmations === MAX_CONFIRMATIONS) return { ...search, found: neverConfirmed(request) };
    const failed = await confirm(found.unconfirmed, ports);
    if (failed !== undefined) return { ...search, found: failed };
  }
}

async function confirm({ runs, gates, since }: Unconfirmed, ports: SearchPorts): Promise<Failed | undefined> {
  const readings = gates.map(async (commit) => ports.gate?.read(commit, since));
  const results = await Promise.all([ports.runs.confirm(runs, since), ...readings]);
  return results.find((result) => result?.kind === 'failed');
}

function neverConfirmed({ project }: BranchRequest): Found {
  const message = `CI keeps changing its answer about the runs of ${project.gitRepository}`;
  return { kind: 'failed', failure: { kind: 'malformed', host: project.ci, message } };
}

type KnownBranch = Extract<BranchRuns, { kind: 'known' }>;

/** Reads more of the branch's runs until they decide. */
async function searchRuns(request: BranchRequest, ports: SearchPorts, pins: Pins): Promise<Search> {
  let trace = NOTHING_SEARCHED;
  let known = await ports.runs.read(request);
  while (known.kind === 'known') {
    const origin = await resolveOrigin(known, request, ports.runs);
    if (origin.kind === 'failed') return { ...trace, found: origin };
    if (origin.kind === 'excluded') return { ...trace, found: { ...origin, asOf: known.asOf } };
    if (origin.kind !== 'undecided') {
      const search = await searchKnownRuns(known, origin, request, ports, pins);
      if ('found' in search) return search;
      trace = search;
    }
    known = await ports.runs.readFurther(request);
  }
  return { ...trace, found: known };
}

/** @returns a result without `found` if older runs could still decide */
async function searchKnownRuns(
  known: KnownBranch,
  origin: Origin,
  request: BranchRequest,
  ports: SearchPorts,
  pins: Pins,
): Promise<Search | SearchTrace> {
  const { images, runs, gate } = ports;
  const { asOf: listedAt, standing, unresolved } = known;
  const context = { images, runs, gate, standing, listedAt, pinBefore: pins.before };
  const selected = selectBuilds(known.runs, request, origin);
  const greens = selectGreenBuilds(selected.builds, known.coverage, request.project);
  const findInTarget = createTargetSearch(request, ports, pins);
  const search = (some: SelectedGreens) => searchBuilds(some, request, context, findInTarget);
  const { outcome, examined, replacements } =
    gate === undefined
      ? { ...(await search(greens)), replacements: undefined }
      : await searchAdmittedBuilds(greens, request.project, gate, search);
  const builds = selected.builds.map((build) => replacements?.get(build) ?? build);
  const trace = { ...selected, builds, examined, context, listedAt };
  if (outcome.kind === 'none' && unresolved !== undefined) {
    return { ...trace, found: { kind: 'failed', failure: unresolved.failure } };
  }
  if (outcome.kind === 'undecided') return trace;
  return { ...trace, found: withConfirmationTime(outcome, known), unresolved };
}

/** Reads the gate of the newest build first, and of more of them only while they are needed. */
async function searchAdmittedBuilds(
  greens: SelectedGreens,
  project: Project,
  gate: StatusGate,
  search: (selected: SelectedGreens) => Promise<SearchResult>,
): Promise<SearchResult & { readonly replacements?: ReadonlyMap<EvaluatedBuild, EvaluatedBuild> }> {
  const { lookback } = project;
  for (let wanted = 1; ; wanted = wanted < lookback ? Math.min(2 * wanted, lookback) : 2 * wanted) {
    const admitted = await admitBuilds(greens, wanted, project, gate);
    if ('kind' in admitted) return { outcome: admitted, examined: [] };
    const { selected, hasMore, replacements } = admitted;
    const result = await search(selected);
    if (!hasMore || result.outcome.kind !== 'undecided') return { ...result, replacements };
  }
}

/** An answer is as old as the oldest fact that it rests on. */
function withConfirmationTime(
  outcome: Exclude<SearchOutcome, { kind: 'undecided' }>,
  { asOf, runs }: KnownBranch,
): Found {
  if (outcome.kind === 'complete') return { ...outcome, asOf: Math.min(asOf, outcome.asOf ?? asOf) };
  return outcome.kind === 'none' ? { ...outcome, asOf, hasRuns: runs.length > 0 } : outcome;
}
