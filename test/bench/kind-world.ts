/**
 * One repository of a kind's strict fake server, with many pull requests, and the core in this process. The
 * clock is injected, and images are in memory: only the calls to CI and the Git host are of interest.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createPushProvider, PUSH_EVENT } from '../../src/ci/push-provider.ts';
import { createPinMemory } from '../../src/answers/pin-memory.ts';
import { AdaptiveFreshness } from '../../src/runs/adaptive-freshness.ts';
import { composeGates } from '../../src/runs/gates.ts';
import { composeRuns, type Connection } from '../../src/runs/repositories.ts';
import { resolveBranch } from '../../src/resolve/resolve-branch.ts';
import type { Decision } from '../../src/resolve/decision.ts';
import type { ImageSource } from '../../src/resolve/ports.ts';
import type { Project } from '../../src/resolve/types.ts';
import { compareRuns } from '../../src/resolve/run-order.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { listAll, type CiUpstream } from '../contract/ci/upstream.ts';
import { createImageRule, createProject, digest } from '../fixtures/builders.ts';

/** The defaults of the configuration, in milliseconds. */
const FRESH_FOR = 15_000;
const MAX_FRESH_FOR = 300_000;
/** How long the fakes are quiet when nothing goes on in the background any more. */
const QUIET_MS = 20;
const GATE = 'ci/scan';
const MINUTE = 60_000;
const MARGIN = MINUTE / 2;

export type CreateUpstream = (elapsed: () => number) => Promise<CiUpstream>;

/**
 * - `pushes`: each pull request's branch was built when it was pushed
 * - `pull requests`: only the pull requests were built
 * - `gate`: as `pushes`, and each head waits for a status
 * - `statuses`: `builds: statuses`
 */
export type Scenario = 'pushes' | 'pull requests' | 'gate' | 'statuses';

export interface WorldOptions {
  readonly create: CreateUpstream;
  /** The Git host of a kind that is none. */
  readonly createGit: CreateUpstream;
  readonly scenario: Scenario;
  readonly size: number;
}

export interface Calls {
  readonly ci: number;
  /** To the Git host, if it is another connection. */
  readonly git: number;
}

export interface KindWorld extends AsyncDisposable {
  /** Of the connection to CI, in milliseconds. */
  readonly freshFor: number;
  /** Resolves all pull requests one after the other, newest first. */
  cycle(): Promise<void>;
  /** The calls so far, once none is made in the background any more. */
  calls(): Promise<Calls>;
  /** Advances the clock. */
  pass(ms: number): void;
  /** Adds a new build of one pull request. */
  build(): Promise<void>;
}

interface Head {
  readonly branch: string;
  readonly number: string;
  readonly headSha: string;
}

export async function createKindWorld(options: WorldOptions): Promise<KindWorld> {
  const { create, createGit, scenario, size } = options;
  // GitLab's fake creates a pipeline a minute; a change in the future would be listed again and again.
  let elapsed = size * MINUTE + MARGIN;
  const ci = await create(() => elapsed);
  const isGitHost = ci.ports.gitHost !== undefined;
  const git = isGitHost ? ci : await createGit(() => elapsed);
  for (let number = 1; number <= size; number++) {
    git.addPullRequest?.(String(number), 'own');
    addBuild(ci, scenario, number, number);
  }
  const heads = (await listCommits(ci, scenario, size)).map(createHead);
  if (scenario === 'gate') for (const { headSha } of heads) git.setStatus?.(headSha, GATE, 'pending');
  const freshness = freshnessOf(ci);
  const resolve = composeResolve({ ci, git, scenario, freshness });
  const counts = (): Calls => ({ ci: ci.requests(), git: isGitHost ? 0 : git.requests() });
  return {
    freshFor: freshness.freshFor(),
    pass: (ms) => void (elapsed += ms),
    calls: () => settle(counts),
    async cycle() {
      for (const head of heads.toReversed()) {
        const decision = await resolve(head);
        const expected = scenario === 'gate' ? 'nothing' : 'answered';
        if (decision.kind !== expected) throw new Error(JSON.stringify({ scenario, head, decision }));
      }
    },
    async build() {
      const number = Math.ceil(size / 2);
      addBuild(ci, scenario, number, size + 1);
      const [headSha = ''] = (await listCommits(ci, scenario, size + 1)).slice(-1);
      heads[number - 1] = createHead(headSha, number - 1);
    },
    async [Symbol.asyncDispose]() {
      await ci.close();
      if (!isGitHost) await git.close();
    },
  };
}

function createHead(headSha: string, index: number): Head {
  return { branch: `branch-${index + 1}`, number: String(index + 1), headSha };
}

/** @param serial makes the commit of a push unique */
function addBuild(ci: CiUpstream, scenario: Scenario, number: number, serial: number): void {
  const branch = `branch-${number}`;
  if (scenario === 'statuses') {
    ci.addPush?.(branch, commitOf(serial));
    ci.setStatus?.(commitOf(serial), GATE, 'success');
    return;
  }
  const pullRequest = scenario === 'pull requests' ? { pullRequest: String(number) } : {};
  ci.addRun({ branch, state: 'success', ...pullRequest });
}

function commitOf(serial: number): string {
  return serial.toString(16).padStart(8, '0').repeat(5);
}

/** Reads over a connection of its own. @returns the commits in the order in which they were added */
async function listCommits(ci: CiUpstream, scenario: Scenario, count: number): Promise<string[]> {
  if (scenario === 'statuses') return Array.from({ length: count }, (_, index) => commitOf(index + 1));
  const runs = await listAll({ ...ci, ports: ci.connect() });
  return runs.toSorted(compareRuns).map(({ commit }) => commit);
}

function freshnessOf({ kind, now }: CiUpstream): AdaptiveFreshness {
  return new AdaptiveFreshness(Math.max(FRESH_FOR, kind.freshForMs ?? 0), MAX_FRESH_FOR, now);
}

interface Parts {
  readonly ci: CiUpstream;
  readonly git: CiUpstream;
  readonly scenario: Scenario;
  readonly freshness: AdaptiveFreshness;
}

function composeResolve({ ci, git, scenario, freshness }: Parts): (head: Head) => Promise<Decision> {
  const { now } = ci;
  const connections = new Map<string, Connection>([
    ['ci', createConnection(ci, freshness)],
    ['git', ci === git ? createConnection(ci, freshness) : createConnection(git, freshnessOf(git))],
  ]);
  const project = createKindProject(ci, git, scenario);
  const projects = new Map([[project.name, project]]);
  const gateOf = composeGates({ projects, connections, now });
  const runs = composeRuns({ projects, connections, images: IMAGES, gateOf, now });
  const ports = { images: IMAGES, lastGood: createMemoryStore(), pins: createPinMemory() };
  return async (head) => {
    const request = { project, ...head };
    const gate = gateOf(project);
    const { decision } = await resolveBranch(request, { ...ports, runs: runs(request), gate });
    return decision;
  };
}

function createConnection({ ports }: CiUpstream, freshness: AdaptiveFreshness): Connection {
  const { provider, gitHost, statuses, pushLog } = ports;
  const pushes = pushLog && createPushProvider(pushLog, provider);
  return { provider, gitHost, statuses, pushes, freshness };
}

function createKindProject(ci: CiUpstream, git: CiUpstream, scenario: Scenario): Project {
  const isBuiltByStatuses = scenario === 'statuses';
  return createProject({
    ci: 'ci',
    git: ci === git ? 'ci' : 'git',
    builds: isBuiltByStatuses ? 'statuses' : 'runs',
    statuses: isBuiltByStatuses || scenario === 'gate' ? [GATE] : [],
    gitRepository: git.gitRepository,
    ciRepository: ci.gitRepository,
    workflows: [],
    events: isBuiltByStatuses ? [PUSH_EVENT] : [...ci.kind.project.defaultEvents],
    images: [createImageRule('front', { text: 'registry.test/shop/front:{commit}' })],
  });
}

/** A registry that has every image. */
const IMAGES: ImageSource = {
  readDigest: (reference) =>
    Promise.resolve({
      kind: 'found',
      repository: 'registry.test/shop/front',
      tag: reference.slice(reference.lastIndexOf(':') + 1),
      digest: digest('a1'),
      asOf: null,
      askedAt: 0,
    }),
  repositoryOf: (reference) => reference.slice(0, reference.lastIndexOf(':')),
  readRevision: () => Promise.resolve({ kind: 'found', revisions: [] }),
};

/** Waits until no more calls are made in the background. */
async function settle(counts: () => Calls): Promise<Calls> {
  for (let before = counts(); ;) {
    await delay(QUIET_MS);
    const after = counts();
    if (after.ci === before.ci && after.git === before.git) return after;
    before = after;
  }
}
