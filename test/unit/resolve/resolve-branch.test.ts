import { beforeEach, describe, expect, test } from 'vitest';
import type { Decision } from '../../../src/resolve/decision.ts';
import { resolveBranch } from '../../../src/resolve/resolve-branch.ts';
import type { BranchRequest } from '../../../src/resolve/types.ts';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import type { PinMemory } from '../../../src/resolve/ports.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import {
  createFakeRegistry,
  createFakeRunSource,
  OUTAGE,
  type FakeRegistry,
  type FakeRunSource,
} from '../../fixtures/fake-ports.ts';
import {
  createImageRule,
  createProject,
  createRequest,
  createRun,
  digest,
  sha,
  createPullRequestHead,
} from '../../fixtures/builders.ts';
import type { Digest } from '../../../src/image/image.ts';
import type { Coverage } from '../../../src/resolve/coverage.ts';

function since(position: number): Coverage {
  return { kind: 'since', position, createdAt: position };
}

let runs: FakeRunSource;
let registry: FakeRegistry;
let lastGood: ReturnType<typeof createMemoryStore>;
let pins: PinMemory;

beforeEach(() => {
  runs = createFakeRunSource();
  registry = createFakeRegistry();
  lastGood = createMemoryStore();
  pins = createPinMemory();
});

/** CI pushed both images of the build with this run id. */
function push(id: string, names = ['front', 'back']): void {
  for (const name of names) registry.tags.set(reference(name, id), imageDigest(name, id));
}
function remove(id: string, names = ['front', 'back']): void {
  for (const name of names) registry.tags.delete(reference(name, id));
}
function reference(name: string, id: string): string {
  return `registry.test/shop/${name}:sha-${sha(id).slice(0, 7)}`;
}
function imageDigest(name: string, id: string): Digest {
  return digest(`${name === 'front' ? 'f' : 'b'}${id}`);
}
async function resolve(request: BranchRequest = createRequest()): Promise<Decision> {
  return (await resolveBranch(request, { runs, images: registry, lastGood, pins })).decision;
}
/** What was decided, in short: `7 fresh`, `nothing`, `upstream_failed`. */
async function answer(request?: BranchRequest): Promise<string> {
  const decision = await resolve(request);
  if (decision.kind === 'answered') return `${decision.set.build.id} ${decision.freshness}`;
  return decision.kind === 'failed' ? decision.code : decision.kind;
}

function lookingBack(lookback: number): BranchRequest {
  return createRequest({ project: createProject({ lookback }) });
}
function label(value: string | null): void {
  registry.revisions.set(digest('f7'), value);
}

describe('decision table', () => {
  test('newest green build has all images: its set', async () => {
    runs.runs = [createRun({ id: '7' }), createRun({ id: '6' })];
    push('7');
    push('6');
    const decision = await resolve();
    expect(decision).toMatchObject({
      kind: 'answered',
      freshness: 'fresh',
      set: {
        build: { id: '7', commit: sha('7') },
        images: {
          front: {
            repository: 'registry.test/shop/front',
            tag: 'sha-7000000',
            digest: imageDigest('front', '7'),
          },
          back: { digest: imageDigest('back', '7') },
        },
      },
    });
  });

  test.each(['failure', 'cancelled', 'skipped', 'timed_out', 'neutral', 'action_required', 'stale'])(
    'newest build %s, an older one green: the older green set',
    async (outcome) => {
      runs.runs = [createRun({ id: '7', state: 'unsuccessful', outcome }), createRun({ id: '6' })];
      push('7');
      push('6');
      expect(await answer()).toBe('6 fresh');
    },
  );

  test('newest build is running, an older one is green: the older set', async () => {
    runs.runs = [createRun({ id: '7', state: 'running' }), createRun({ id: '6' })];
    push('7');
    push('6');
    expect(await answer()).toBe('6 fresh');
  });

  test('a green build lacks an image: the older complete set, never a mix', async () => {
    runs.runs = [createRun({ id: '7' }), createRun({ id: '6' })];
    push('7', ['front']);
    push('6');
    const decision = await resolve();
    expect(decision).toMatchObject({
      set: {
        images: { front: { digest: imageDigest('front', '6') }, back: { digest: imageDigest('back', '6') } },
      },
    });
  });

  test('an older complete build beyond lookback is not used', async () => {
    runs.runs = ['9', '8', '7'].map((id) => createRun({ id }));
    push('7');
    expect(await answer(lookingBack(2))).toBe('nothing');
    expect(await answer(lookingBack(3))).toBe('7 fresh');
  });

  test('certainly no green and complete build, nothing handed out: an empty list', async () => {
    expect(await answer()).toBe('nothing');
    runs.runs = [createRun({ id: '7' })];
    expect(await answer()).toBe('nothing');
  });

  test('no build, and CI cannot report a run: an error, since it may have succeeded', async () => {
    runs.runs = [createRun({ id: '7', state: 'running' })];
    runs.unresolved = { failure: OUTAGE, position: 7000 };
    expect(await answer()).toBe('upstream_failed');
  });

  test('an older build, and CI cannot report a newer run: the older build, stale, and stored', async () => {
    runs.runs = [createRun({ id: '7', state: 'running' }), createRun({ id: '6' })];
    push('6');
    runs.unresolved = { failure: OUTAGE, position: 7000 };
    expect(await answer()).toBe('6 stale');
    runs.failure = OUTAGE;
    expect(await answer()).toBe('6 stale');
  });

  test('an unreported run older than the build does not matter', async () => {
    runs.runs = [createRun({ id: '7' }), createRun({ id: '6', state: 'running' })];
    push('7');
    runs.unresolved = { failure: OUTAGE, position: 6000 };
    expect(await answer()).toBe('7 fresh');
  });

  test('the same with onNoBuild: error: an error', async () => {
    expect(await answer(createRequest({ project: createProject({ onNoBuild: 'error' }) }))).toBe(
      'upstream_failed',
    );
  });

  test('no green build any more, but one was handed out: its set (CI forgets runs)', async () => {
    runs.runs = [createRun({ id: '7' })];
    push('7');
    await answer();
    runs.runs = [];
    expect(await answer()).toBe('7 fresh');
  });

  test('a re-run hides a green build: the set handed out', async () => {
    runs.runs = [createRun({ id: '7' })];
    push('7');
    await answer();
    runs.runs = [createRun({ id: '7', attempt: 2, state: 'running' })];
    expect(await answer()).toBe('7 fresh');
  });

  test.each(['timeout', 'unreachable', 'denied', 'not_found', 'unavailable', 'malformed'] as const)(
    'CI fails (%s): last good, marked stale; without one an error, never an empty list',
    async (kind) => {
      runs.failure = { ...OUTAGE, kind };
      expect(await answer()).toBe('upstream_failed');
      runs.failure = undefined;
      runs.runs = [createRun({ id: '7' })];
      push('7');
      await answer();
      runs.failure = { ...OUTAGE, kind };
      expect(await answer()).toBe('7 stale');
    },
  );

  test('CI is rate limited: last good, marked stale; without one rate_limited', async () => {
    runs.failure = { ...OUTAGE, kind: 'rate_limited' };
    expect(await answer()).toBe('rate_limited');
  });

  test('the registry fails for one image: last good, marked stale; without one an error', async () => {
    runs.runs = [createRun({ id: '6' })];
    push('6');
    registry.failing.add(reference('back', '6'));
    expect(await answer()).toBe('upstream_failed');
    registry.failing.clear();
    await answer();
    runs.runs = [createRun({ id: '7' }), createRun({ id: '6' })];
    push('7');
    registry.failing.add(reference('back', '7'));
    expect(await answer()).toBe('6 stale');
  });

  test('the registry fails for one image and lacks the other: no older set meanwhile', async () => {
    runs.runs = [createRun({ id: '7' }), createRun({ id: '6' })];
    push('6');
    registry.failing.add(reference('back', '7'));
    expect(await answer()).toBe('upstream_failed');
  });

  test('a stale answer has the time of its last confirmation', async () => {
    runs.runs = [createRun({ id: '7' })];
    runs.asOf = 5000;
    push('7');
    await answer();
    runs.asOf = 9000;
    runs.failure = OUTAGE;
    expect(await resolve()).toMatchObject({ freshness: 'stale', asOf: 5000 });
  });
});

describe('never downgrades', () => {
  beforeEach(async () => {
    runs.runs = [createRun({ id: '7' }), createRun({ id: '6' })];
    push('7');
    push('6');
    await answer();
  });

  test('newer build gone from CI: kept while its images exist', async () => {
    runs.runs = [createRun({ id: '6' })];
    expect(await answer()).toBe('7 fresh');
  });

  test('newer build red after a re-run: kept while its images exist', async () => {
    runs.runs = [createRun({ id: '7', attempt: 2, state: 'unsuccessful' }), createRun({ id: '6' })];
    expect(await answer()).toBe('7 fresh');
  });

  test('an image of the newer build is certainly gone: the older set', async () => {
    remove('7', ['back']);
    expect(await answer()).toBe('6 fresh');
    expect(await answer()).toBe('6 fresh');
  });

  test('only the tag is gone, not the digest: the newer set is kept', async () => {
    const kept = imageDigest('back', '7');
    remove('7', ['back']);
    registry.tags.set('registry.test/shop/back:another-tag', kept);
    expect(await answer()).toBe('7 fresh');
  });

  test('the registry cannot verify the images: the newer set is kept, stale', async () => {
    runs.runs = [createRun({ id: '6' })];
    registry.failing.add(`registry.test/shop/back@${imageDigest('back', '7')}`);
    expect(await answer()).toBe('7 stale');
  });

  test('a branch reset to an older commit and rebuilt follows: that build is newer', async () => {
    runs.runs = [...runs.runs, createRun({ id: '8', commit: sha('6') })];
    expect(await answer()).toBe('8 fresh');
  });

  test('a build whose images are pushed again gets the new digests', async () => {
    registry.tags.set(reference('front', '7'), digest('aa'));
    expect(await resolve()).toMatchObject({
      set: { build: { id: '7' }, images: { front: { digest: digest('aa') } } },
    });
  });
});

describe('an unreadable store', () => {
  beforeEach(() => {
    lastGood = { ...lastGood, get: async () => 'unreadable' };
  });

  test('does not prevent handing out a build', async () => {
    runs.runs = [createRun({ id: '7' })];
    push('7');
    expect(await answer()).toBe('7 fresh');
  });

  test('never leads to an empty list: an environment may be running', async () => {
    expect(await answer()).toBe('upstream_failed');
    runs.runs = [createRun({ id: '9', origin: 'foreign' })];
    expect(await answer(createRequest({ headSha: sha('9') }))).toBe('upstream_failed');
  });

  test("changes nothing where CI itself says that the pull request is a fork's", async () => {
    runs.runs = [createRun({ id: '9', origin: 'foreign' })];
    runs.pullRequest = createPullRequestHead({ origin: 'foreign' });
    expect(await answer(createRequest({ headSha: sha('9'), number: '5' }))).toBe('nothing');
  });
});

describe('keys of the last good answer', () => {
  beforeEach(async () => {
    runs.runs = [createRun({ id: '7' })];
    push('7');
    await answer(createRequest({ number: '1' }));
    runs.failure = OUTAGE;
  });

  test('the same pull request gets its own answer', async () => {
    expect(await answer(createRequest({ number: '1' }))).toBe('7 stale');
  });

  test('the branch under a new pull request starts clean', async () => {
    expect(await answer(createRequest({ number: '2' }))).toBe('upstream_failed');
  });

  test('other branches and projects have other keys', async () => {
    expect(await answer(createRequest({ number: '1', branch: 'other' }))).toBe('upstream_failed');
    const project = createProject({ name: 'other' });
    expect(await answer(createRequest({ number: '1', project }))).toBe('upstream_failed');
  });

  test('an image added to the project invalidates it', async () => {
    const project = createProject({ images: [createImageRule('front'), createImageRule('api')] });
    expect(await answer(createRequest({ number: '1', project }))).toBe('upstream_failed');
  });
});

describe('a build counts only if every required workflow is green', () => {
  const test_yml = '.github/workflows/test.yml';
  const build_yml = '.github/workflows/build.yml';
  const both = createProject({ workflows: [build_yml, test_yml] });

  test('a workflow that did not run: no build (fails closed)', async () => {
    runs.runs = [createRun({ id: '7' })];
    push('7');
    expect(await answer(createRequest({ project: both }))).toBe('nothing');
  });

  test('a workflow that failed: no build', async () => {
    runs.runs = [
      createRun({ id: '7' }),
      createRun({ id: '8', commit: sha('7'), workflow: test_yml, state: 'unsuccessful' }),
    ];
    push('7');
    expect(await answer(createRequest({ project: both }))).toBe('nothing');
  });

  test('all green: the first configured workflow represents the build', async () => {
    runs.runs = [createRun({ id: '8', commit: sha('7'), workflow: test_yml }), createRun({ id: '7' })];
    push('7');
    expect(await answer(createRequest({ project: both }))).toBe('7 fresh');
  });

  test('other workflows do not matter if some are configured', async () => {
    runs.runs = [
      createRun({ id: '7' }),
      createRun({ id: '8', commit: sha('7'), workflow: test_yml, state: 'unsuccessful' }),
    ];
    push('7');
    expect(await answer()).toBe('7 fresh');
  });

  test('none configured: every workflow that ran must be green', async () => {
    const every = createRequest({ project: createProject({ workflows: [] }) });
    runs.runs = [
      createRun({ id: '7' }),
      createRun({ id: '8', commit: sha('7'), workflow: test_yml, state: 'unsuccessful' }),
    ];
    push('7');
    expect(await answer(every)).toBe('nothing');
    runs.runs = [createRun({ id: '7' }), createRun({ id: '8', commit: sha('7'), workflow: test_yml })];
    expect(await answer(every)).toMatch(/fresh$/);
  });

  test('runs of events that are not allowed do not count', async () => {
    runs.runs = [createRun({ id: '7', event: 'workflow_dispatch' })];
    push('7');
    expect(await answer()).toBe('nothing');
    expect(await answer(createRequest({ project: createProject({ events: ['workflow_dispatch'] }) }))).toBe(
      '7 fresh',
    );
  });
});

describe('forks', () => {
  const fork = createRun({ id: '9', origin: 'foreign' });
  const openToForks = createProject({ forks: true });

  test("a fork's run on a branch of our name does not count", async () => {
    runs.runs = [fork, createRun({ id: '7' })];
    push('9');
    push('7');
    expect(await answer()).toBe('7 fresh');
  });

  test("a fork's pull request gets nothing, though our branch of that name has a build", async () => {
    runs.runs = [fork, createRun({ id: '7' })];
    push('7');
    runs.pullRequest = createPullRequestHead({ origin: 'foreign' });
    expect(await answer(createRequest({ headSha: sha('9'), number: '5' }))).toBe('nothing');
    expect(await answer(createRequest({ headSha: sha('9') }))).toBe('nothing');
  });

  test("a fork that copied our head commit does not take our pull request's environment down", async () => {
    runs.runs = [fork, createRun({ id: '7' })];
    push('7');
    expect(await answer(createRequest({ headSha: sha('9'), number: '5' }))).toBe('7 fresh');
  });

  test('a head without runs on a branch name that forks also use: the pull request decides', async () => {
    runs.runs = [fork, createRun({ id: '7' })];
    push('7');
    runs.pullRequest = createPullRequestHead({ origin: 'foreign' });
    expect(await answer(createRequest({ headSha: sha('aaa'), number: '5' }))).toBe('nothing');
    runs.pullRequest = { kind: 'failed', failure: OUTAGE };
    expect(await answer(createRequest({ headSha: sha('aaa'), number: '6' }))).toBe('upstream_failed');
  });

  test('the token may not read pull requests: the runs at the head decide', async () => {
    runs.runs = [fork, createRun({ id: '7' })];
    runs.pullRequest = { kind: 'failed', failure: { ...OUTAGE, kind: 'denied' } };
    expect(await answer(createRequest({ headSha: sha('9'), number: '5' }))).toBe('nothing');
  });

  test('a head built by one of our own runs needs no pull request look-up', async () => {
    runs.runs = [createRun({ id: '7' }), fork];
    push('7');
    await answer(createRequest({ headSha: sha('7'), number: '5' }));
    expect(runs.asked).toEqual(['branch feature']);
  });

  test("a fork's pull request without any run of the fork gets nothing: CI's record of it is asked", async () => {
    runs.runs = [createRun({ id: '7' })];
    push('7');
    runs.pullRequest = createPullRequestHead({ origin: 'foreign' });
    expect(await answer(createRequest({ headSha: sha('aaa'), number: '5' }))).toBe('nothing');
  });

  test.each(['denied', 'not_found', 'unavailable'] as const)(
    'the record cannot be read (%s) and nothing suggests a fork: our branch keeps its environment',
    async (kind) => {
      runs.runs = [createRun({ id: '7' })];
      push('7');
      runs.pullRequest = { kind: 'failed', failure: { ...OUTAGE, kind } };
      expect(await answer(createRequest({ headSha: sha('aaa'), number: '5' }))).toBe('7 fresh');
    },
  );

  test('runs alone, which a fork can create, never withdraw a set', async () => {
    runs.runs = [createRun({ id: '7' })];
    push('7');
    expect(await answer(createRequest())).toBe('7 fresh');
    runs.runs = [...runs.runs, fork];
    expect(await answer(createRequest({ headSha: sha('9') }))).toBe('7 fresh');
  });

  test("runs alone say that it is a fork's only when all of them were read", async () => {
    runs.runs = [fork];
    runs.coverage = since(8000);
    runs.older = [createRun({ id: '7', commit: sha('9') })];
    registry.tags.set(reference('front', '9'), imageDigest('front', '9'));
    registry.tags.set(reference('back', '9'), imageDigest('back', '9'));
    expect(await answer(createRequest({ headSha: sha('9') }))).toBe('7 fresh');
    expect(runs.asked).toEqual(['branch feature', 'further feature']);
  });

  test("with forks: true a fork's pull request gets the fork's build, and ours gets ours", async () => {
    runs.runs = [fork, createRun({ id: '7' })];
    push('9');
    push('7');
    runs.pullRequest = createPullRequestHead({ origin: 'foreign' });
    expect(await answer(createRequest({ project: openToForks, headSha: sha('9'), number: '5' }))).toBe(
      '9 fresh',
    );
    expect(await answer(createRequest({ project: openToForks, headSha: sha('7'), number: '4' }))).toBe(
      '7 fresh',
    );
  });

  test('with forks: true, a deleted fork does not take down its environment', async () => {
    const request = createRequest({ project: openToForks, headSha: sha('9'), number: '5' });
    runs.runs = [fork];
    push('9');
    runs.pullRequest = createPullRequestHead({ origin: 'foreign' });
    expect(await answer(request)).toBe('9 fresh');
    runs.pullRequest = createPullRequestHead({ origin: 'foreign', headRepositoryId: null });
    expect(await answer(request)).toBe('9 fresh');
    expect(await answer({ ...request, number: '6' })).toBe('nothing');
  });

  test('with forks: true, several indistinguishable forks with one branch name: nothing', async () => {
    runs.runs = [fork, createRun({ id: '10', origin: 'foreign', headRepositoryId: '667' })];
    push('9');
    push('10');
    expect(await answer(createRequest({ project: openToForks }))).toBe('nothing');
  });
});

describe('reading older runs', () => {
  const HOUR = 3_600_000;

  test('a commit with a clock that is ahead may also have runs beyond the window', async () => {
    runs.runs = [createRun({ id: '7', committedAt: 7000 + HOUR })];
    runs.coverage = since(5000 - HOUR);
    runs.older = [createRun({ id: '4', commit: sha('7'), event: 'pull_request', state: 'unsuccessful' })];
    push('7');
    expect(await answer()).toBe('nothing');
  });

  test('a green build newer than the window needs no further reading', async () => {
    runs.runs = [createRun({ id: '7' })];
    runs.coverage = since(5000 - HOUR);
    push('7');
    expect(await answer()).toBe('7 fresh');
    expect(runs.asked).toEqual(['branch feature']);
  });

  test('a commit older than the window may have runs beyond it, which are read first', async () => {
    runs.runs = [createRun({ id: '7', committedAt: 4000 })];
    runs.coverage = since(5000);
    runs.older = [createRun({ id: '4', commit: sha('7'), event: 'pull_request', state: 'unsuccessful' })];
    push('7');
    expect(await answer()).toBe('nothing');
    expect(runs.asked).toEqual(['branch feature', 'further feature']);
  });

  test('no green build in the window: older runs are read', async () => {
    runs.runs = [createRun({ id: '7', state: 'unsuccessful' })];
    runs.coverage = since(5000);
    runs.older = [createRun({ id: '4' })];
    push('4');
    expect(await answer()).toBe('4 fresh');
  });

  test('reading older runs fails: an error, never an empty list', async () => {
    runs.runs = [createRun({ id: '7', state: 'unsuccessful' })];
    runs.coverage = since(5000);
    runs.readFurther = async () => ({ kind: 'failed', failure: OUTAGE });
    expect(await answer()).toBe('upstream_failed');
  });
});

describe('onMissing: previous (monorepos that build only what changed)', () => {
  const project = createProject({
    images: [createImageRule('front'), createImageRule('back', { onMissing: 'previous' })],
  });

  test('the image comes from the newest earlier build that has it, and the reason says so', async () => {
    runs.runs = ['9', '8', '7'].map((id) => createRun({ id }));
    push('9', ['front']);
    push('8', ['front']);
    push('7');
    const { decision } = await resolveBranch(createRequest({ project }), {
      runs,
      images: registry,
      lastGood,
      pins,
    });
    expect(decision).toMatchObject({
      kind: 'answered',
      set: {
        build: { id: '9' },
        images: { front: { digest: imageDigest('front', '9') }, back: { digest: imageDigest('back', '7') } },
      },
    });
    expect(decision).toMatchObject({ because: expect.stringContaining('back') });
  });

  test('an image without the setting never comes from another build', async () => {
    runs.runs = ['9', '8'].map((id) => createRun({ id }));
    push('9', ['back']);
    push('8');
    expect(await resolve(createRequest({ project }))).toMatchObject({ set: { build: { id: '8' } } });
  });

  test('older runs are searched for it before falling back to an older build', async () => {
    runs.runs = [createRun({ id: '9' })];
    runs.coverage = since(8000);
    runs.older = [createRun({ id: '7' })];
    push('9', ['front']);
    push('7');
    expect(await resolve(createRequest({ project }))).toMatchObject({ set: { build: { id: '9' } } });
  });

  test('a build’s own image is not replaced by an earlier one while it exists', async () => {
    runs.runs = ['9', '8'].map((id) => createRun({ id }));
    push('9');
    push('8');
    await resolve(createRequest({ project }));
    remove('9', ['back']);
    registry.tags.set('registry.test/shop/back:pinned-elsewhere', imageDigest('back', '9'));
    expect(await resolve(createRequest({ project }))).toMatchObject({
      set: { images: { back: { digest: imageDigest('back', '9') } } },
    });
  });
});

describe('revision', () => {
  const movable = 'registry.test/shop/front:{branch}';
  const single = (revision: 'auto' | 'require' | 'ignore', text = movable): BranchRequest =>
    createRequest({ project: createProject({ images: [createImageRule('front', { revision, text })] }) });
  const branchTag = 'registry.test/shop/front:feature';

  beforeEach(() => {
    runs.runs = [createRun({ id: '7', commit: sha('7a') })];
    registry.tags.set(branchTag, digest('f7'));
  });

  test.each([
    ['auto', 'push', sha('7a'), '7 fresh'],
    ['auto', 'push', sha('7a').slice(0, 12), '7 fresh'],
    ['auto', 'push', sha('7b'), 'nothing'],
    ['auto', 'push', null, '7 fresh'],
    ['auto', 'push', 'v1.2.3', '7 fresh'],
    ['auto', 'pull_request', sha('7b'), '7 fresh'],
    ['require', 'push', sha('7a'), '7 fresh'],
    ['require', 'push', sha('7b'), 'nothing'],
    ['require', 'push', null, 'nothing'],
    ['require', 'push', 'v1.2.3', 'nothing'],
    ['require', 'pull_request', sha('7a'), '7 fresh'],
    ['require', 'pull_request', sha('7b'), 'nothing'],
    ['ignore', 'push', sha('7b'), '7 fresh'],
    ['ignore', 'pull_request', null, '7 fresh'],
  ] as const)('%s, build on %s, label %s: %s', async (revision, event, value, expected) => {
    runs.runs = [createRun({ id: '7', commit: sha('7a'), event })];
    label(value);
    expect(await answer(single(revision))).toBe(expected);
  });

  test('auto reads no revision for a tag with the commit, require does', async () => {
    const text = 'registry.test/shop/front:sha-{commit:7}';
    registry.tags.set(`registry.test/shop/front:sha-${sha('7a').slice(0, 7)}`, digest('f7'));
    label(sha('7b'));
    expect(await answer(single('auto', text))).toBe('7 fresh');
    expect(registry.asked).not.toContain(`revision of registry.test/shop/front@${digest('f7')}`);
    expect(await answer(createRequest({ ...single('require', text), number: '2' }))).toBe('nothing');
  });

  test('the label cannot be read: a failure, not "absent"', async () => {
    registry.failing.add(`registry.test/shop/front@${digest('f7')}`);
    expect(await answer(single('auto'))).toBe('upstream_failed');
  });

  test("a later red build moved the branch's tag: the last good image is kept", async () => {
    label(sha('7a'));
    expect(await answer(single('auto'))).toBe('7 fresh');
    runs.runs = [createRun({ id: '8', state: 'unsuccessful' }), ...runs.runs];
    registry.tags.set(branchTag, digest('f8'));
    registry.revisions.set(digest('f8'), sha('8'));
    expect(await resolve(single('auto'))).toMatchObject({
      set: { images: { front: { digest: digest('f7') } } },
    });
  });
});

describe('a template that renders no valid reference', () => {
  const request = createRequest({
    project: createProject({
      images: [createImageRule('front', { text: 'registry.test/shop/front:pr-{pull_request}' })],
    }),
  });

  test('is an error that names project, image and the missing value', async () => {
    runs.runs = [createRun({ id: '7' })];
    expect(await resolve(request)).toEqual({
      kind: 'failed',
      code: 'invalid_request',
      message: expect.stringMatching(/^project shop, image front: .*number/),
    });
    expect(registry.asked).toEqual([]);
  });
});
