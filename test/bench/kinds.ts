/**
 * What each kind of connection costs: calls to CI and the Git host for many pull requests, which are resolved
 * one after the other, as Argo CD's matrix does, and again every half a minute.
 */
import { forgejo, gitea } from '../../src/ci/gitea/kind.ts';
import { createUpstream as createAzureDevOps } from '../fixtures/azure-devops/upstream.ts';
import { createUpstream as createBitbucketServer } from '../fixtures/bitbucket-server/upstream.ts';
import { createUpstream as createBitbucket } from '../fixtures/bitbucket/upstream.ts';
import { createUpstream as createBuildkite } from '../fixtures/buildkite/upstream.ts';
import { createUpstream as createCircleci } from '../fixtures/circleci/upstream.ts';
import { createUpstream as createGitea } from '../fixtures/gitea/upstream.ts';
import { createUpstream as createGitHub } from '../fixtures/github/upstream.ts';
import { createUpstream as createGitLab } from '../fixtures/gitlab/upstream.ts';
import { createUpstream as createJenkins } from '../fixtures/jenkins/upstream.ts';
import { createUpstream as createWoodpecker } from '../fixtures/woodpecker/upstream.ts';
import {
  createKindWorld,
  type Calls,
  type CreateUpstream,
  type KindWorld,
  type Scenario,
} from './kind-world.ts';

const SIZE = Number(process.env['BENCH_PULL_REQUESTS'] ?? 1000);
const CYCLE_MS = 30_000;

/** An hour; fewer on a slow machine. */
const CYCLES = Number(process.env['BENCH_CYCLES'] ?? 120);

const KINDS: Readonly<Record<string, CreateUpstream>> = {
  github: createGitHub,
  gitlab: createGitLab,
  gitea: (elapsed) => createGitea(gitea, '1.27.3', elapsed),
  forgejo: (elapsed) => createGitea(forgejo, '15.0.1+gitea-1.22.0', elapsed),
  'azure-devops': createAzureDevOps,
  bitbucket: createBitbucket,
  'bitbucket-server': createBitbucketServer,
  jenkins: createJenkins,
  buildkite: createBuildkite,
  woodpecker: createWoodpecker,
  circleci: createCircleci,
};

const TITLES: Readonly<Record<Scenario, string>> = {
  pushes: 'builds of pushes',
  'pull requests': 'builds of pull requests only',
  gate: 'heads that wait for a status',
  statuses: 'builds: statuses',
};

export async function benchKinds(): Promise<void> {
  console.log(`\n${SIZE} pull requests, calls to CI + to the Git host, if that is another connection:`);
  for (const [scenario, title] of Object.entries(TITLES) as [Scenario, string][]) {
    console.log(`  ${title}`);
    printCells('kind', [
      'freshFor',
      'cold',
      'one new build',
      'a minute',
      `${(CYCLES * CYCLE_MS) / 60_000} minutes`,
    ]);
    for (const [name, create] of Object.entries(KINDS)) await benchKind(name, create, scenario);
  }
}

async function benchKind(name: string, create: CreateUpstream, scenario: Scenario): Promise<void> {
  if (await lacks(create, scenario)) return;
  await using world = await createKindWorld({ create, createGit: createGitHub, scenario, size: SIZE });
  const cold = await count(world, () => world.cycle());
  const build = scenario === 'gate' ? undefined : await countBuild(world);
  const quiet = await count(world, () => passCycles(world, 2));
  const all = await count(world, () => passCycles(world, CYCLES));
  const cells = [cold, build, quiet, all].map((calls) => (calls === undefined ? '-' : show(calls)));
  printCells(name, [`${world.freshFor / 1000} s`, ...cells]);
}

async function passCycles(world: KindWorld, cycles: number): Promise<void> {
  for (let cycle = 0; cycle < cycles; cycle++) {
    world.pass(CYCLE_MS);
    await world.cycle();
  }
}

/** @returns the calls of one cycle with a new build */
async function countBuild(world: KindWorld): Promise<Calls> {
  await world.build();
  world.pass(world.freshFor);
  return count(world, () => world.cycle());
}

async function count(world: KindWorld, work: () => Promise<void>): Promise<Calls> {
  const before = await world.calls();
  await work();
  const after = await world.calls();
  return { ci: after.ci - before.ci, git: after.git - before.git };
}

async function lacks(create: CreateUpstream, scenario: Scenario): Promise<boolean> {
  const upstream = await create(() => 0);
  await upstream.close();
  const { kind, ports } = upstream;
  return scenario === 'statuses' ? ports.pushLog === undefined : kind.hasRuns === false;
}

function show({ ci, git }: Calls): string {
  return git === 0 ? String(ci) : `${ci} + ${git}`;
}

function printCells(label: string, cells: readonly string[]): void {
  console.log(`    ${label.padEnd(18)}${cells.map((cell) => cell.padStart(14)).join('')}`);
}
