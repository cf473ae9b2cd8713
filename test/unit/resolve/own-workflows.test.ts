/** Images that name the workflow that pushes them (`images.<name>.workflow`). */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import type { StatusGate } from '../../../src/resolve/ports.ts';
import { resolveBranch, type Resolution } from '../../../src/resolve/resolve-branch.ts';
import type { ImageRule, Project, Run } from '../../../src/resolve/types.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import {
  createImageRule,
  createProject,
  createRequest,
  createRun,
  digest,
  sha,
} from '../../fixtures/builders.ts';
import { createFakeGate } from '../../fixtures/fake-gate.ts';
import { createFakeRegistry, createFakeRunSource, OUTAGE } from '../../fixtures/fake-ports.ts';

const FRONT = '.github/workflows/front.yml';
const BACK = '.github/workflows/back.yml';
const LINT = '.github/workflows/lint.yml';

let runs = createFakeRunSource();
let registry = createFakeRegistry();

beforeEach(() => {
  runs = createFakeRunSource();
  registry = createFakeRegistry();
});

function rule(
  name: 'front' | 'back',
  given: Partial<ImageRule> & { readonly text?: string } = {},
): ImageRule {
  return createImageRule(name, { workflow: name === 'front' ? FRONT : BACK, ...given });
}

function project(given: Partial<ImageRule> = {}, others: Partial<Project> = {}): Project {
  return createProject({ workflows: [], images: [rule('front', given), rule('back', given)], ...others });
}

/** A run of a commit's front or back workflow. */
function run(id: string, workflow: string, commit: string, given: Partial<Run> = {}): Run {
  return createRun({ id, workflow, commit: sha(commit), builtCommit: sha(commit), ...given });
}

function push(name: string, commit: string): void {
  registry.tags.set(
    `registry.test/shop/${name}:sha-${sha(commit).slice(0, 7)}`,
    digest(`${name[0]}${commit}`),
  );
}

function resolve(of: Project, lastGood = createMemoryStore(), gate?: StatusGate): Promise<Resolution> {
  const request = createRequest({ project: of });
  return resolveBranch(request, { runs, images: registry, lastGood, pins: createPinMemory(), gate });
}

function short(commit: string): string {
  return commit.replace(/0+$/, '');
}

/** `c9: front c9, back c8`, or the kind of decision. */
async function answer(of: Project, gate?: StatusGate): Promise<string> {
  const { decision } = await resolve(of, createMemoryStore(), gate);
  if (decision.kind !== 'answered') return decision.kind;
  const { build, images } = decision.set;
  const found = Object.entries(images).map(([name, { commit }]) => `${name} ${short(commit)}`);
  return `${short(build.commit)}: ${found.join(', ')}`;
}

describe('a commit that ran only one of two workflows', () => {
  beforeEach(() => {
    runs.runs = [run('3', FRONT, 'c9'), run('2', BACK, 'c8'), run('1', FRONT, 'c8')];
    for (const commit of ['c8', 'c9']) push('front', commit);
    push('back', 'c8');
  });

  test('is no build if the other image rejects it', async () => {
    expect(await answer(project())).toBe('c8: front c8, back c8');
    const { builds } = await resolve(project());
    expect(builds[0]).toMatchObject({ status: 'incomplete', reason: 'no run of back.yml (image back)' });
  });

  test('takes the other image from the build before', async () => {
    expect(await answer(project({ onMissing: 'previous' }))).toBe('c9: front c9, back c8');
  });

  test('asks no registry for the image that no run can have pushed', async () => {
    await resolve(project({ onMissing: 'previous' }));
    expect(registry.asked).not.toContain('registry.test/shop/back:sha-c900000');
  });

  test('does not take an image that somebody pushed for it by hand', async () => {
    push('back', 'c9');
    expect(await answer(project({ onMissing: 'previous' }))).toBe('c9: front c9, back c8');
  });

  test('is judged the same if workflows lists both', async () => {
    const both = project({ onMissing: 'previous' }, { workflows: [FRONT, BACK] });
    expect(await answer(both)).toBe('c9: front c9, back c8');
  });

  test('is the same with a skipped run of the other workflow, as path filters in its jobs leave it', async () => {
    runs.runs.push(run('4', BACK, 'c9', { state: 'skipped' }));
    expect(await answer(project({ onMissing: 'previous' }))).toBe('c9: front c9, back c8');
  });

  test('waits while the other workflow runs, and says which', async () => {
    runs.runs.push(run('4', BACK, 'c9', { state: 'running' }));
    const resolution = await resolve(project({ onMissing: 'previous' }));
    expect(resolution.builds[0]).toMatchObject({ status: 'running', reason: 'back.yml in_progress (push)' });
    expect(await answer(project({ onMissing: 'previous' }))).toBe('c8: front c8, back c8');
  });

  test('is not green if the other workflow failed: the commit is known to be broken', async () => {
    runs.runs.push(run('4', BACK, 'c9', { state: 'unsuccessful' }));
    expect(await answer(project({ onMissing: 'previous' }))).toBe('c8: front c8, back c8');
  });
});

test('a workflow that no image names stays required of every build', async () => {
  runs.runs = [run('3', FRONT, 'c9'), run('2', BACK, 'c9')];
  push('front', 'c9');
  push('back', 'c9');
  const withLint = project({ onMissing: 'previous' }, { workflows: [LINT] });
  expect(await answer(withLint)).toBe('nothing');
  runs.runs.push(run('4', LINT, 'c9'));
  expect(await answer(withLint)).toBe('c9: front c9, back c9');
});

test('runs of workflows that neither the project nor an image names do not count', async () => {
  runs.runs = [run('3', FRONT, 'c9'), run('2', BACK, 'c9'), run('4', LINT, 'c9', { state: 'unsuccessful' })];
  push('front', 'c9');
  push('back', 'c9');
  expect(await answer(project({}, { workflows: [FRONT] }))).toBe('c9: front c9, back c9');
  expect(await answer(project())).toBe('nothing');
});

test('a commit of which every workflow was skipped is no build', async () => {
  runs.runs = [run('3', FRONT, 'c9', { state: 'skipped' }), run('2', BACK, 'c9', { state: 'skipped' })];
  expect(await answer(project({ onMissing: 'previous' }))).toBe('nothing');
});

test('builds that did not run the workflow do not use up lookback', async () => {
  const fronts = ['c9', 'c8', 'c7', 'c6', 'c5', 'c4', 'c3'];
  runs.runs = [
    ...fronts.map((commit, index) => run(String(20 - index), FRONT, commit)),
    run('2', FRONT, 'c2'),
    run('1', BACK, 'c2'),
  ];
  for (const commit of [...fronts, 'c2']) push('front', commit);
  push('back', 'c2');
  expect(await answer(project({ onMissing: 'previous' }))).toBe('c9: front c9, back c2');
});

test('older runs are read before the image counts as missing', async () => {
  runs.runs = [run('3', FRONT, 'c9')];
  runs.older = [run('2', FRONT, 'c2'), run('1', BACK, 'c2')];
  runs.coverage = { kind: 'since', position: 2500, createdAt: -1e9 };
  push('front', 'c9');
  push('back', 'c2');
  expect(await answer(project({ onMissing: 'previous' }))).toBe('c9: front c9, back c2');
});

test("the template of an image gets the id, number and attempt of its own workflow's run", async () => {
  const images = [
    rule('front', { text: 'registry.test/shop/front:{build_id}-{build_number}-{attempt}' }),
    rule('back', { text: 'registry.test/shop/back:{build_id}-{build_number}-{attempt}' }),
  ];
  runs.runs = [run('71', FRONT, 'c9', { number: '5' }), run('72', BACK, 'c9', { number: '8', attempt: 2 })];
  registry.tags.set('registry.test/shop/front:71-5-1', digest('f'));
  registry.tags.set('registry.test/shop/back:72-8-2', digest('b'));
  expect(await resolve(project({}, { images }))).toMatchObject({
    decision: { set: { build: { id: '71' }, images: { front: { tag: '71-5-1' }, back: { tag: '72-8-2' } } } },
  });
});

test("only runs of the image's own workflow are rivals for a tag that can move", async () => {
  const images = [rule('front', { text: 'registry.test/shop/front:{branch}' })];
  registry.tags.set('registry.test/shop/front:feature', digest('f'));
  const green = run('1', FRONT, 'c9');
  const newer = { state: 'running', startedAt: 9000 } as const;
  runs.runs = [green, run('2', BACK, 'ca', newer)];
  expect(await answer(project({}, { images, workflows: [BACK] }))).toBe('nothing');
  runs.runs = [green, run('3', BACK, 'c9'), run('2', BACK, 'ca', newer)];
  expect(await answer(project({}, { images, workflows: [BACK] }))).toBe('c9: front c9');
  runs.runs = [green, run('3', BACK, 'c9'), run('2', FRONT, 'ca', newer)];
  expect(await answer(project({}, { images, workflows: [BACK] }))).toBe('nothing');
});

test('an image whose run CI has deleted stays, since it was proven before', async () => {
  const lastGood = createMemoryStore();
  runs.runs = [run('3', FRONT, 'c9'), run('2', BACK, 'c9')];
  push('front', 'c9');
  push('back', 'c9');
  const of = project({ onMissing: 'previous' });
  await resolve(of, lastGood);
  runs.runs = [run('3', FRONT, 'c9')];
  expect((await resolve(of, lastGood)).decision).toMatchObject({
    freshness: 'fresh',
    set: { images: { back: { digest: digest('bc9') } } },
  });
});

test("an image may name its workflow by the provider's id", async () => {
  runs.runs = [run('3', FRONT, 'c9', { workflowId: '31' }), run('2', BACK, 'c9', { workflowId: '32' })];
  push('front', 'c9');
  push('back', 'c9');
  const images = [rule('front', { workflow: '31' }), rule('back', { workflow: '32' })];
  expect(await answer(project({}, { images, workflows: ['31'] }))).toBe('c9: front c9, back c9');
});

describe("a commit that is no build since another image's workflow did not run", () => {
  const of = createProject({
    workflows: [LINT],
    images: [rule('front'), rule('back', { onMissing: 'previous' })],
  });

  beforeEach(() => {
    runs.runs = [
      ...['c7', 'c8', 'c9'].map((commit, index) => run(`${index + 1}`, LINT, commit)),
      run('4', FRONT, 'c7', { position: 1000 }),
      run('5', BACK, 'c7', { position: 1000 }),
      run('6', BACK, 'c8', { position: 2000 }),
      run('7', FRONT, 'c9', { position: 3000 }),
    ];
    for (const commit of ['c7', 'c9']) push('front', commit);
    for (const commit of ['c7', 'c8']) push('back', commit);
  });

  test('lends the image that it built: the newer commit contains its change', async () => {
    expect(await answer(of)).toBe('c9: front c9, back c8');
    expect((await resolve(of)).builds[1]).toMatchObject({
      status: 'incomplete',
      reason: 'no run of front.yml (image front)',
    });
  });

  test('lends nothing while a workflow that every build needs has not run', async () => {
    runs.runs = runs.runs.filter(({ id }) => id !== '2');
    expect(await answer(of)).toBe('c9: front c9, back c7');
  });

  test('lends nothing if it failed', async () => {
    runs.runs.push(run('8', LINT, 'c8', { position: 2001, state: 'unsuccessful' }));
    expect(await answer(of)).toBe('c9: front c9, back c7');
  });

  test('is never handed out by itself', async () => {
    runs.runs = runs.runs.filter(({ commit }) => commit !== sha('c9'));
    expect(await answer(of)).toBe('c7: front c7, back c7');
  });

  test('lends nothing while its statuses are not green', async () => {
    const gate = createFakeGate();
    gate.closed.set(sha('c8'), { status: 'running', reason: 'scan pending' });
    expect(await answer(of, gate)).toBe('c9: front c9, back c7');
    gate.closed.clear();
    expect(await answer(of, gate)).toBe('c9: front c9, back c8');
  });

  test('fails the answer if its statuses cannot be read', async () => {
    const gate = createFakeGate();
    const read = gate.read;
    gate.read = (commit, since) =>
      commit === sha('c8') ? Promise.resolve({ kind: 'failed', failure: OUTAGE }) : read(commit, since);
    expect(await answer(of, gate)).toBe('failed');
  });

  test('does not take the place of a newer build whose statuses were not read yet', async () => {
    // c9, c8 (back only), c7 (whole), c6 (back only)
    runs.runs.push(run('10', LINT, 'c6', { position: 500 }), run('11', BACK, 'c6', { position: 500 }));
    runs.runs = runs.runs.filter(({ id }) => id !== '6');
    push('back', 'c6');
    expect(await answer(of, createFakeGate())).toBe('c9: front c9, back c7');
  });
});
