/**
 * Random histories of a repository, polled at random by many branches, against an oracle that saw everything.
 * The same histories each time, unless `GREENPIN_MODEL_SEED` is another number, or `random`;
 * `GREENPIN_MODEL_RUNS` says how many. A failing history is printed with its seed.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnswerService } from '../../src/answers/answer-service.ts';
import { DigestCache } from '../../src/registry/digest-cache.ts';
import { createPinMemory } from '../../src/answers/pin-memory.ts';
import type { CommitStatus } from '../../src/ci/commit-statuses.ts';
import { createStatusGate } from '../../src/runs/status-gate.ts';
import { StatusMemory } from '../../src/runs/status-memory.ts';
import { createRunIndex } from '../../src/runs/run-index.ts';
import type { UpstreamFailureKind } from '../../src/errors.ts';
import { lastGoodKey, recall } from '../../src/resolve/recall.ts';
import { resolveBranch } from '../../src/resolve/resolve-branch.ts';
import type { BranchRequest, Project } from '../../src/resolve/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createImageRule, createProject } from '../fixtures/builders.ts';
import { judgeCost } from './cost.ts';
import { countHistories, GITHUB, STYLES, type ProviderStyle } from './pages.ts';
import { createSimulation, IMAGES, WORKFLOWS, type Simulation, type TrueBuild } from './simulation.ts';
import type { StatusGate, UnreadRun } from '../../src/resolve/ports.ts';
import { renderParameters } from '../../src/wire/argocd/response.ts';

const FRESH_FOR = 15_000;
/** Milliseconds for which CI is left alone after a fault, at most. */
const LONGEST_PAUSE = 60_000;
/** Milliseconds in which a re-run of an old run is noticed, while the branch's newest build is not green. */
const NOTICED_WITHIN = 1_800_000;
/** Milliseconds for which a status that was a success may be used. */
const GREEN_USED_FOR = 2 * 3_600_000;
/** Milliseconds in which a status is noticed to be a success, where no call for it is conditional. */
const SCANNED_WITHIN = 3_600_000 + 2 * FRESH_FOR;
const BRANCHES = ['main', 'feature', 'quiet'];
const NUMBER_OF_RUNS = Number(process.env['GREENPIN_MODEL_RUNS'] ?? 10_000);
const SEED = process.env['GREENPIN_MODEL_SEED'] ?? '20260101';

const project: Project = createProject({
  workflows: [...WORKFLOWS],
  events: ['push'],
  images: IMAGES.map((name) => createImageRule(name, { text: `registry.test/${name}:{commit}` })),
});

/** One Greenpin, without HTTP. */
function createGreenpin(sim: Simulation, firstPages: number, isGated: boolean): AnswerService {
  const now = () => sim.now;
  const gate = isGated ? createGate(sim) : undefined;
  const runs = createRunIndex({
    provider: sim.ci,
    gitHost: sim.gitHost,
    ciRepository: 'acme/shop',
    gitRepository: 'acme/shop',
    freshFor: () => FRESH_FOR,
    now,
    firstPages,
  });
  const images = new DigestCache({ client: sim.registry, freshFor: FRESH_FOR, now });
  const lastGood = createMemoryStore();
  const pins = createPinMemory();
  return new AnswerService({
    resolve: async (request) =>
      (await resolveBranch(request, { runs, images, lastGood, pins, gate })).decision,
    recall: (request) => recall(request, lastGood, images),
    isNeverHandedOut: async () => false,
    patience: 60_000,
    render: renderParameters,
    freshFor: FRESH_FOR,
    deadline: 60_000,
    now,
    onDefect(error) {
      throw error;
    },
  });
}

function createGate(sim: Simulation): StatusGate {
  const memory = new StatusMemory({
    statuses: sim.statuses,
    gitRepository: 'acme/shop',
    isWanted: () => true,
    freshFor: () => FRESH_FOR,
    isQuotaLow: () => false,
    now: () => sim.now,
  });
  return createStatusGate(memory, ['scan']);
}

interface Given {
  readonly commit: string;
  readonly position: number;
}

/** What the judge remembers of each key. */
type Memory = Map<string, Given>;

interface World {
  readonly sim: Simulation;
  readonly style: ProviderStyle;
  readonly isGated: boolean;
  readonly answers: AnswerService;
  readonly memory: Memory;
  /** When each branch was asked for. */
  readonly polls: Map<string, number[]>;
}

interface Action {
  readonly describe: string;
  run(world: World): Promise<void>;
}

const branch = fc.constantFrom(...BRANCHES);
/** Mostly the newest commit. */
const nth = fc.constantFrom(0, 0, 0, 1, 1, 2, 3);
const kind = fc.constantFrom<UpstreamFailureKind>(
  'timeout',
  'unavailable',
  'denied',
  'rate_limited',
  'malformed',
);
const asks = fc.record({
  branch,
  number: fc.constantFrom(undefined, '1', '90'),
  withHead: fc.boolean(),
});
type Ask = typeof asks extends fc.Arbitrary<infer A> ? A : never;

const remains = fc.constantFrom<Partial<UnreadRun>>(
  {},
  { id: null },
  { branch: null },
  { commit: null },
  { createdAt: null },
  { id: null, branch: null, commit: null, createdAt: null },
);

function act(describe: string, change: (sim: Simulation) => void): Action {
  return { describe, run: async ({ sim }) => change(sim) };
}

const happening: Record<string, [weight: number, fc.Arbitrary<Action>]> = {
  poll: [6, asks.map((ask) => poll([ask]))],
  pollMany: [3, fc.array(asks, { minLength: 2, maxLength: 6 }).map(poll)],
  build: [
    6,
    branch.map((b) =>
      act(`build ${b}`, (sim) => {
        sim.push(b);
        sim.finish(b, 0, true);
      }),
    ),
  ],
  push: [4, branch.map((b) => act(`push ${b}`, (sim) => void sim.push(b)))],
  forkPush: [1, branch.map((b) => act(`fork pushes ${b}`, (sim) => void sim.push(b, true)))],
  finish: [
    6,
    fc
      .tuple(branch, nth, fc.boolean(), fc.integer({ min: 0, max: 9 }))
      .map(([b, n, success, luck]) =>
        act(`finish ${b} ${n} ${success}${luck === 0 ? ' without images' : ''}`, (sim) =>
          sim.finish(b, n, success, luck !== 0),
        ),
      ),
  ],
  rerun: [4, fc.tuple(branch, nth).map(([b, n]) => act(`re-run ${b} ${n}`, (sim) => sim.rerun(b, n)))],
  rerunOld: [1, fc.constantFrom('main', 'feature').map(rerunOld)],
  block: [
    1,
    fc.tuple(branch, nth).map(([b, n]) => act(`${b} ${n} waits for a person`, (sim) => sim.block(b, n))),
  ],
  release: [1, fc.tuple(branch, nth).map(([b, n]) => act(`${b} ${n} goes on`, (sim) => sim.release(b, n)))],
  deleteRuns: [
    2,
    fc.tuple(branch, nth).map(([b, n]) => act(`delete runs ${b} ${n}`, (sim) => sim.deleteRuns(b, n))),
  ],
  deleteImage: [
    1,
    fc
      .tuple(branch, nth, fc.constantFrom(...IMAGES))
      .map(([b, n, name]) => act(`delete image ${b} ${n} ${name}`, (sim) => sim.deleteImage(b, n, name))),
  ],
  pass: [
    8,
    fc
      .constantFrom(500, 1000, 5000, 14_999, 15_000, 30_000, 120_000, 4_000_000)
      .map((ms) => act(`pass ${ms}`, (sim) => sim.pass(ms))),
  ],
  ciFails: [1, kind.map((k) => act(`CI fails ${k}`, (sim) => void (sim.fault.ci = k)))],
  registryFails: [1, kind.map((k) => act(`registry fails ${k}`, (sim) => void (sim.fault.registry = k)))],
  heal: [4, fc.constant(act('all is well', (sim) => void (sim.fault = {})))],
  lag: [0.3, fc.constant(act('filtered lists lag', (sim) => void (sim.staleFilterSince ??= sim.now)))],
  odd: [
    2,
    fc
      .tuple(branch, nth, remains)
      .map(([b, n, left]) =>
        act(`a run of ${b} ${n} is odd ${JSON.stringify(left)}`, (sim) => sim.spoil(b, n, left)),
      ),
  ],
  mend: [1, fc.constant(act('no run is odd', (sim) => sim.odd.clear()))],
  count: [
    0.5,
    fc.constantFrom(0, 1).map((lag) => act(`counts are ${lag} ahead`, (sim) => void (sim.lag = lag))),
  ],
  pushBetween: [
    1,
    branch.map((b) =>
      act(`${b} is pushed between two pages`, (sim) => void (sim.betweenPages = () => void sim.push(b))),
    ),
  ],
  deleteBetween: [
    1,
    branch.map((b) =>
      act(`runs of ${b} go between two pages`, (sim) => void (sim.betweenPages = () => sim.deleteRuns(b, 0))),
    ),
  ],
};
const state = fc.constantFrom<CommitStatus['state']>(
  'success',
  'success',
  'success',
  'pending',
  'unsuccessful',
);
/** What happens besides to commits that need a status. */
const gating: typeof happening = {
  build: [
    6,
    branch.map((b) =>
      act(`build and scan ${b}`, (sim) => {
        sim.push(b);
        sim.finish(b, 0, true);
        sim.setStatus(b, 0, 'success');
      }),
    ),
  ],
  scan: [
    8,
    fc
      .tuple(branch, nth, state)
      .map(([b, n, s]) => act(`status of ${b} ${n} is ${s}`, (sim) => sim.setStatus(b, n, s))),
  ],
  statusesFail: [1, kind.map((k) => act(`statuses fail ${k}`, (sim) => void (sim.fault.statuses = k)))],
};

function createAction(weighted: typeof happening): fc.Arbitrary<Action> {
  const all = Object.values(weighted);
  return fc.oneof(...all.map(([weight, arbitrary]) => ({ weight: Math.round(weight * 10), arbitrary })));
}

function poll(all: readonly Ask[]): Action {
  return {
    describe: `poll ${all.map((ask) => `${ask.branch}#${ask.number ?? ''}${ask.withHead ? '@' : ''}`).join(' ')}`,
    async run(world) {
      const before = new Map(world.memory);
      const requests = all.map((ask) => requestOf(ask, world));
      const answers = await Promise.all(requests.map(async (request) => world.answers.answer(request)));
      for (const [index, answer] of answers.entries()) {
        const request = requests[index];
        if (request !== undefined) judge(request, answer, before, world);
      }
      for (const { branch: name } of requests) {
        world.polls.set(name, [...(world.polls.get(name) ?? []), world.sim.now]);
      }
    },
  };
}

/**
 * A red run is run again when the first page no longer shows it, and turns green; nobody else asks for
 * anything meanwhile.
 */
function rerunOld(name: string): Action {
  const asking = poll([{ branch: name, number: undefined, withHead: false }]);
  return {
    describe: `an old run of ${name} is run again`,
    async run(world) {
      const { sim } = world;
      sim.push(name);
      sim.finish(name, 0, false);
      await asking.run(world);
      for (let count = 0; count < 3; count++) sim.push('quiet');
      sim.pass(FRESH_FOR);
      await asking.run(world);
      sim.rerun(name, 0);
      sim.finish(name, 0, true);
      for (let count = 0; count < 3; count++) {
        sim.pass(NOTICED_WITHIN);
        await asking.run(world);
      }
    },
  };
}

function requestOf({ branch: name, number: asked, withHead }: Ask, { sim, style }: World): BranchRequest {
  const isFork = asked?.startsWith('9') === true;
  const number = isFork ? asked : (style.pullRequestOf?.(name) ?? asked);
  const head = sim.headOf(name, number?.startsWith('9') ?? false);
  return {
    project,
    branch: name,
    ...(number !== undefined && { number }),
    ...(withHead && head !== undefined && { headSha: head }),
  };
}

type Answered = Awaited<ReturnType<AnswerService['answer']>>;

function judge(request: BranchRequest, answer: Answered, before: Memory, world: World): void {
  const { sim, memory } = world;
  const key = lastGoodKey(request);
  const given = before.get(key);
  if (answer.kind === 'failed') {
    expect(given, 'an environment that was up got an error').toBeUndefined();
    return;
  }
  const [set] = JSON.parse(answer.body).output.parameters;
  if (set === undefined) return judgeNothing(request, given, world);
  const { commit, id } = set.build;
  expect(sim.wasGreen(request.branch, commit), 'never green').toBe(true);
  for (const name of IMAGES) {
    expect(set.images[name].digest, 'not what this build pushed').toBe(sim.digestOf(commit, name));
  }
  const position = sim.createdAt(id);
  if (given !== undefined && position < given.position) {
    expect(sim.lostImage(given.commit), 'went back though the image is still there').toBe(true);
  }
  memory.set(key, { commit, position });
  if (answer.freshness === 'fresh') {
    judgeFresh(request, commit, given, world);
    judgeReruns(request, commit, world);
  }
}

function judgeNothing(request: BranchRequest, given: Given | undefined, world: World): void {
  const { sim, style } = world;
  if (isForks(request)) return;
  expect(given, 'an environment that was up was deleted').toBeUndefined();
  // While the record of a pull request may not be read, runs of unknown origin count as a fork's.
  const isOfPullRequest = style.pullRequestOf?.(request.branch) !== undefined;
  if (isOfPullRequest && sim.now - sim.failedAt < LONGEST_PAUSE + FRESH_FOR) return;
  expect(missed(request, world), 'an empty list though a build is there').toBeUndefined();
}

function judgeFresh(request: BranchRequest, commit: string, given: Given | undefined, world: World): void {
  const { sim } = world;
  if (isForks(request)) return judgeFork(request, sim);
  const truth = missed(request, world);
  if (truth === undefined || truth.commit === commit) return;
  // A status that is green is read again each hour, and used until then.
  if (sim.now - (sim.turnedRedAt(commit) ?? -Infinity) < GREEN_USED_FOR) return;
  // What was handed out has stopped being true since, in a way that shows late: a deletion, a re-run off the
  // first page, or an image that is gone (a tag that holds the commit is re-checked each hour).
  if (sim.wasDeleted(commit) || sim.isHardToSee(commit) || sim.lostImage(commit)) return;
  const kept = given?.commit === commit && given.position > truth.position;
  expect(kept, `freshFor has passed, and ${truth.commit.slice(0, 6)} is not seen`).toBe(true);
}

/**
 * Nothing is green but what an old run has made green when it was run again: a listing does not show that,
 * but a look-up, which a question sees to within half an hour, for the questions after it.
 */
function judgeReruns(request: BranchRequest, commit: string, { sim, polls, isGated }: World): void {
  if (isForks(request) || isGated || sim.staleFilterSince !== undefined) return;
  const since = sim.greenAgainSince(request.branch);
  if (since === undefined || sim.failedAt > since - LONGEST_PAUSE) return;
  const lookedUp = polls.get(request.branch)?.some((at) => at >= since + NOTICED_WITHIN && at < sim.now);
  const truth = sim.truthThroughout(request.branch, since, sim.now);
  if (lookedUp === true && truth !== undefined) {
    expect(commit, 'an old run was run again, and nobody noticed').toBe(truth.commit);
  }
}

/**
 * The pull request is a fork's, and forks don't count: with its head passed on, it gets nothing once its runs
 * are there.
 */
function judgeFork({ branch: name, headSha }: BranchRequest, sim: Simulation): void {
  const since = sim.contestedSince(name);
  if (headSha === undefined || since === undefined) return;
  // While CI's record of it cannot be read, and nothing known speaks for a fork, it counts as ours (which it
  // nearly always is).
  if (sim.now - sim.failedAt < LONGEST_PAUSE + FRESH_FOR) return;
  expect(since, "a fork's pull request was given our build").toBeGreaterThan(sim.now - FRESH_FOR - 1000);
}

function isForks({ number }: BranchRequest): boolean {
  return number?.startsWith('9') === true;
}

/**
 * The newest build for so long that it must be known by now; undefined: there is none, or nobody could know.
 */
function missed({ branch: name }: BranchRequest, { sim, style, isGated }: World): TrueBuild | undefined {
  if (sim.staleFilterSince !== undefined) return undefined;
  const truth = sim.truthThroughout(name, sim.now - FRESH_FOR, sim.now);
  if (truth === undefined || sim.isHardToSee(truth.commit)) return undefined;
  // Statuses that are not green are read less often the longer they have been the same, and so are runs off
  // the first page, by their ids.
  const slower = 2 * FRESH_FOR + (sim.now - truth.position) / 10;
  if (!sim.endedUnlisted(truth.commit) && !isGated) return truth;
  const lag = isGated && !style.hasValidator ? SCANNED_WITHIN : slower;
  return sim.truthThroughout(name, sim.now - lag, sim.now);
}

/** fast-check prints a failing history by these names. */
function named(one: Action): Action {
  return Object.defineProperty({ ...one }, fc.toStringMethod, {
    value: () => one.describe,
    enumerable: false,
  });
}

const worlds = [
  ...STYLES.map((style) => ({ name: style.name, style, isGated: false })),
  ...[GITHUB, ...STYLES.filter(({ name }) => name === 'keyset' || name === 'by id and number')].map(
    (style) => ({ name: `statuses; ${style.name}`, style, isGated: true }),
  ),
];

test.each(worlds)(
  `$name: random histories, true, safe, fresh and frugal`,
  { timeout: 600_000 },
  async ({ style, isGated }) => {
    const action = createAction(isGated ? { ...happening, ...gating } : happening);
    const judged = fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, 20),
        fc.array(action.map(named), { minLength: 5, maxLength: 60, size: 'max' }),
        async (firstPages, actions) => {
          const sim = createSimulation(BRANCHES, style, isGated);
          const world: World = {
            sim,
            style,
            isGated,
            answers: createGreenpin(sim, firstPages, isGated),
            memory: new Map(),
            polls: new Map(),
          };
          for (const next of actions) await next.run(world);
          judgeCost(sim, FRESH_FOR, firstPages, style);
        },
      ),
      {
        numRuns: countHistories(isGated ? undefined : style, NUMBER_OF_RUNS),
        ...(SEED !== 'random' && { seed: Number(SEED) }),
      },
    );
    await expect(judged).resolves.toBeUndefined();
  },
);
