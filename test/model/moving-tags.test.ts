/**
 * Random histories of branches whose tags move and collide, polled at random: no build is ever handed out
 * with another build's image. `GREENPIN_MODEL_SEED` and `GREENPIN_MODEL_RUNS` as in `answers.test.ts`.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DigestCache } from '../../src/registry/digest-cache.ts';
import { createPinMemory } from '../../src/answers/pin-memory.ts';
import { createRunIndex } from '../../src/runs/run-index.ts';
import { resolveBranch } from '../../src/resolve/resolve-branch.ts';
import type { LastGoodStore, ResolvePorts } from '../../src/resolve/ports.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createImageRule, createProject } from '../fixtures/builders.ts';
import { countHistories, STYLES } from './pages.ts';
import { createSimulation, IMAGES, WORKFLOWS, type Simulation } from './simulation.ts';

const FRESH_FOR = 15_000;
/** The first two render one tag. */
const BRANCHES = ['feature/x', 'feature-x', 'main'];
const NUMBER_OF_RUNS = Number(process.env['GREENPIN_MODEL_RUNS'] ?? 3_000);
const SEED = process.env['GREENPIN_MODEL_SEED'] ?? '20260101';

const project = createProject({
  workflows: [...WORKFLOWS],
  events: ['push'],
  images: IMAGES.map((name) => createImageRule(name, { text: `registry.test/${name}:{branch}` })),
});

interface World {
  readonly sim: Simulation;
  readonly lastGood: LastGoodStore;
  ports: ResolvePorts;
}

/** One process: only the store outlives it. */
function start(sim: Simulation, lastGood: LastGoodStore): ResolvePorts {
  const now = () => sim.now;
  const runs = createRunIndex({
    provider: sim.ci,
    gitHost: sim.gitHost,
    ciRepository: 'acme/shop',
    gitRepository: 'acme/shop',
    freshFor: () => FRESH_FOR,
    now,
    firstPages: 3,
  });
  const images = new DigestCache({ client: sim.registry, freshFor: FRESH_FOR, now });
  return { runs, images, lastGood, pins: createPinMemory() };
}

interface Action {
  readonly describe: string;
  run(world: World): Promise<void>;
}

function act(describe: string, change: (sim: Simulation) => void): Action {
  return { describe, run: async ({ sim }) => change(sim) };
}

const branch = fc.constantFrom(...BRANCHES);
const nth = fc.constantFrom(0, 0, 0, 1, 1, 2);

const action = fc.oneof(
  { weight: 6, arbitrary: branch.map((b) => poll(b)) },
  { weight: 5, arbitrary: branch.map((b) => act(`push ${b}`, (sim) => void sim.push(b))) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(branch, nth, fc.boolean())
      .map(([b, n, success]) => act(`finish ${b} ${n} ${success}`, (sim) => sim.finish(b, n, success))),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(branch, nth).map(([b, n]) => act(`re-run ${b} ${n}`, (sim) => sim.rerun(b, n))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(branch, nth)
      .map(([b, n]) => act(`re-run failed ${b} ${n}`, (sim) => sim.rerunFailed(b, n))),
  },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(1000, 5000, 15_000, 60_000, 4_000_000)
      .map((ms) => act(`pass ${ms}`, (sim) => sim.pass(ms))),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Action>({
      describe: 'restart',
      run: async (world) => void (world.ports = start(world.sim, world.lastGood)),
    }),
  },
);

function poll(name: string): Action {
  return {
    describe: `poll ${name}`,
    async run({ sim, ports }) {
      const { decision } = await resolveBranch({ project, branch: name }, ports);
      if (decision.kind !== 'answered') return;
      const { build, images } = decision.set;
      expect(sim.wasGreen(name, build.commit), 'never green').toBe(true);
      for (const image of IMAGES) {
        const digest = images[image]?.digest;
        // An old run that is run again is on no list's first page: who has no image of the build yet cannot
        // know of it.
        if (sim.hardToSee().some((commit) => sim.digestOf(commit, image) === digest)) continue;
        expect(digest, `${name}: not what build ${build.id} pushed`).toBe(sim.digestOf(build.commit, image));
      }
    },
  };
}

/**
 * A Greenpin that never answers would pass the rest: once all runs have ended, the next green build is handed
 * out.
 */
async function expectNewBuild({ sim, ports }: World): Promise<void> {
  // While a pull request has not been read, its runs may push any branch's tag.
  for (const name of BRANCHES) for (let older = 0; older < 50; older++) sim.finish(name, older, false);
  sim.pass(1000);
  const commit = sim.push('main');
  sim.pass(FRESH_FOR);
  sim.finish('main', 0, true);
  sim.pass(600_000);
  const { decision } = await resolveBranch({ project, branch: 'main' }, ports);
  expect(decision).toMatchObject({ kind: 'answered', freshness: 'fresh', set: { build: { commit } } });
}

/** fast-check prints a failing history by these names. */
function named(one: Action): Action {
  return Object.defineProperty({ ...one }, fc.toStringMethod, {
    value: () => one.describe,
    enumerable: false,
  });
}

test.each(STYLES)(
  `$name: random histories, and never another build's image`,
  { timeout: 600_000 },
  async (style) => {
    const judged = fc.assert(
      fc.asyncProperty(
        fc.array(action.map(named), { minLength: 5, maxLength: 50, size: 'max' }),
        async (actions) => {
          const sim = createSimulation(BRANCHES, style);
          const lastGood = createMemoryStore();
          const world: World = { sim, lastGood, ports: start(sim, lastGood) };
          for (const next of actions) await next.run(world);
          await expectNewBuild(world);
        },
      ),
      { numRuns: countHistories(style, NUMBER_OF_RUNS), ...(SEED !== 'random' && { seed: Number(SEED) }) },
    );
    await expect(judged).resolves.toBeUndefined();
  },
);
