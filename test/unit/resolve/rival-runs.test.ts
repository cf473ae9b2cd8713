/** Which runs may have pushed a tag that moves: attempts, and runs that cannot be read. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import type { PinMemory, UnreadRun } from '../../../src/resolve/ports.ts';
import { resolveBranch } from '../../../src/resolve/resolve-branch.ts';
import type { BranchRequest, ImageRule, Run } from '../../../src/resolve/types.ts';
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
  createPullRequestHead,
  createRun,
  digest,
  sha,
} from '../../fixtures/builders.ts';

const A = sha('aaaaaaa1');
const B = sha('bbbbbbb2');

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

function asking(
  tag: string,
  given: Partial<BranchRequest> = {},
  rule: Partial<ImageRule> = {},
): BranchRequest {
  const images = [createImageRule('front', { text: `registry.test/shop/front:${tag}`, ...rule })];
  return { project: createProject({ images }), branch: 'feature', number: '5', ...given };
}

/** `bbb fresh`: the digest's first digits and how fresh it is; else the kind or code. */
async function answer(request: BranchRequest): Promise<string> {
  const { decision } = await resolveBranch(request, { runs, images: registry, lastGood, pins });
  if (decision.kind === 'failed') return decision.code;
  if (decision.kind === 'nothing') return 'nothing';
  return `${decision.set.images['front']?.digest.slice(7, 10)} ${decision.freshness}`;
}

function push(tag: string, word: string, revision: string | null = null): void {
  const reference = `registry.test/shop/front:${tag}`;
  const before = registry.tags.get(reference);
  if (before !== undefined) registry.untagged.add(before);
  registry.tags.set(reference, digest(word));
  registry.revisions.set(digest(word), revision);
}

function ran(...list: Run[]): void {
  runs.runs = [...list, ...runs.runs];
}
const confirmations = () => runs.asked.filter((call) => call.startsWith('confirm'));
const buildA = (given: Partial<Run> = {}) => createRun({ id: '10', commit: A, ...given });
const buildB = (given: Partial<Run> = {}) => createRun({ id: '20', commit: B, ...given });

test('a run that began with the build may have the tag if CI does not say which is newer', async () => {
  const at = { position: 7, tie: '', startedAt: 10_000 };
  ran(buildA({ ...at, updatedAt: 20_000 }), buildB({ ...at, updatedAt: 15_000, state: 'unsuccessful' }));
  push('feature', 'bbb');
  expect(await answer(asking('{branch}'))).toBe('nothing');
});

describe('only failed jobs were re-run', () => {
  test('a run between the attempts has the tag', async () => {
    ran(buildA({ attempt: 2, startedAt: 30_000, updatedAt: 31_000 }), buildB({ state: 'unsuccessful' }));
    push('feature', 'bbb');
    expect(await answer(asking('{branch}'))).toBe('nothing');
  });
});

test('an older run that ended after a re-run build began may have the tag', async () => {
  ran(
    buildA({ attempt: 2, startedAt: 30_000, updatedAt: 31_000 }),
    buildB({ id: '9', updatedAt: 15_000, state: 'unsuccessful' }),
  );
  push('feature', 'bbb');
  expect(await answer(asking('{branch}'))).toBe('nothing');
});

describe('a tag with the attempt but no build', () => {
  test('may be pushed by an earlier attempt of another run', async () => {
    ran(buildA(), buildB({ attempt: 2, state: 'unsuccessful' }));
    push('feature-1', 'bbb');
    expect(await answer(asking('{branch}-{attempt}'))).toBe('nothing');
  });
  test('of our own earlier attempt may be overwritten by another run', async () => {
    ran(buildA({ attempt: 2 }), buildB({ state: 'unsuccessful' }));
    push('feature-1', 'bbb');
    expect(await answer(asking('{branch}-{attempt}'))).toBe('nothing');
  });
});

describe('a run without a branch', () => {
  test('may belong to any branch, so it may have pushed the tag', async () => {
    ran(buildA(), buildB({ branch: null, state: 'unsuccessful' }));
    push('feature', 'bbb');
    expect(await answer(asking('{branch}'))).toBe('nothing');
  });

  test.each([
    ['5', 'nothing'],
    ['6', 'bbb fresh'],
  ])("and is of pull request %s may have pushed only that one's tag: %s", async (pullRequest, expected) => {
    ran(buildA(), buildB({ branch: null, pullRequest, state: 'unsuccessful' }));
    push('pr-5', 'bbb');
    expect(await answer(asking('pr-{pull_request}'))).toBe(expected);
  });
});

describe('an unreadable run', () => {
  const red: UnreadRun = {
    id: '20',
    branch: 'feature',
    commit: B,
    position: 20_000,
    tie: null,
    createdAt: 20_000,
    problem: 'a field updated_at',
  };

  test.each<[string, Partial<UnreadRun>, string]>([
    ['of the branch', {}, 'nothing'],
    ['of any branch', { branch: null }, 'nothing'],
    ['of any commit', { commit: null }, 'nothing'],
    ['of any time', { createdAt: null }, 'nothing'],
    ['of another branch', { branch: 'other' }, 'bbb fresh'],
    ['of the same commit', { commit: A }, 'bbb fresh'],
    ['from before the build', { createdAt: 9_000 }, 'bbb fresh'],
  ])('%s: %o', async (_name, given, expected) => {
    ran(buildA());
    runs.unread = [{ ...red, ...given }];
    push('feature', 'bbb');
    expect(await answer(asking('{branch}'))).toBe(expected);
  });

  test('may have pushed the tag if its branch renders the same one', async () => {
    ran(buildA({ branch: 'feature/x' }));
    runs.unread = [{ ...red, branch: 'feature-x' }];
    push('feature-x', 'bbb');
    expect(await answer(asking('{branch}', { branch: 'feature/x' }))).toBe('nothing');
    push('pr-5', 'aaa');
    expect(await answer(asking('pr-{pull_request}', { branch: 'feature/x' }))).toBe('aaa fresh');
  });

  test('keeps an image handed out before it', async () => {
    ran(buildA());
    push('feature', 'aaa');
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
    runs.unread = [red];
    push('feature', 'bbb');
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
  });

  test('does not matter to a tag that only the build can have', async () => {
    ran(buildA());
    runs.unread = [{ ...red, branch: null, commit: null, createdAt: null }];
    for (const [template, tag] of [
      ['{commit}', A],
      ['{commit:7}', A.slice(0, 7)],
      ['{build_id}', '10'],
    ] as const) {
      push(tag, 'aaa');
      expect(await answer(asking(template, { number: tag.slice(0, 3) }))).toBe('aaa fresh');
    }
  });

  test('matters if its commit has the same digits', async () => {
    ran(buildA());
    runs.unread = [{ ...red, branch: 'evil', commit: `${A.slice(0, 7)}fffff`.padEnd(40, '0') }];
    push(A.slice(0, 7), 'bbb');
    expect(await answer(asking('{commit:7}'))).toBe('nothing');
  });
});

test('the beginning of a number may also be another pull request’s', async () => {
  ran(buildA(), buildB({ branch: 'other', state: 'unsuccessful' }));
  push('pr-5', 'bbb');
  expect(await answer(asking('pr-{pull_request:1}', { number: '51' }))).toBe('nothing');
});

describe('order of two runs', () => {
  const red: Partial<Run> = {
    state: 'unsuccessful',
    startedAt: 10_000,
    createdAt: 10_000,
    updatedAt: 10_400,
  };

  test.each<[string, Partial<Run>, string]>([
    ['at the same time, after the build by its id', { ...red, id: '11' }, 'nothing'],
    ['at the same time, before the build by its id', { ...red, id: '9' }, 'aaa fresh'],
    ['before the build, and is still running', { id: '9', state: 'running', updatedAt: 9_100 }, 'nothing'],
  ])('%s', async (_name, given, expected) => {
    ran(buildA(), buildB(given));
    push('feature', 'aaa');
    expect(await answer(asking('{branch}'))).toBe(expected);
  });
});

test('with forks: true, a fork’s pull request may push', async () => {
  const request = asking('{branch}');
  ran(buildA(), buildB({ origin: 'foreign', event: 'pull_request', state: 'unsuccessful' }));
  push('feature', 'bbb');
  expect(await answer({ ...request, project: { ...request.project, forks: true } })).toBe('nothing');
});

describe('a running run', () => {
  beforeEach(() => {
    ran(buildA(), buildB({ state: 'running' }));
    push('feature', 'aaa');
  });

  test('is assumed to keep running for five minutes, then confirmed', async () => {
    expect(await answer(asking('{branch}'))).toBe('nothing');
    expect(runs.asked).toContain(`confirm 1 since ${runs.asOf - 300_000}`);
  });

  test('that is gone when confirmed has pushed nothing', async () => {
    runs.onConfirm = () => (runs.runs = [buildA()]);
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
  });

  test('is inconclusive while CI does not respond', async () => {
    runs.onConfirm = () => (runs.failure = OUTAGE);
    expect(await answer(asking('{branch}'))).toBe('upstream_failed');
  });
});

describe('what CI has to confirm', () => {
  test.each([
    [60_000, []],
    [60_001, ['confirm 1 since 1001']],
  ])('of a tag that only the build has, read %i ms after its run: %j', async (later, expected) => {
    ran(buildA());
    push(A, 'aaa');
    registry.asOf = runs.asOf + later;
    expect(await answer(asking('{commit}'))).toBe('aaa fresh');
    expect(confirmations()).toEqual(expected);
  });

  test('the run itself, if the image has changed', async () => {
    ran(buildA());
    push(A, 'aaa');
    await answer(asking('{commit}'));
    push(A, 'bbb');
    registry.asOf = 11_000;
    expect(await answer(asking('{commit}'))).toBe('bbb fresh');
    expect(confirmations()).toEqual(['confirm 1 since 11000']);
  });

  test('nothing, if the image is the one handed out', async () => {
    ran(buildA());
    push('feature', 'aaa');
    await answer(asking('{branch}'));
    registry.asOf = 500_000;
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
    expect(confirmations()).toEqual([]);
  });

  test('not forever: an image that changes with every read is not handed out', async () => {
    ran(buildA());
    push('feature', 'aaa');
    registry.asOf = 2000;
    runs.onConfirm = () => (registry.asOf += 1000);
    expect(await answer(asking('{branch}'))).toBe('upstream_failed');
    expect(confirmations()).toHaveLength(2);
  });
});

describe('a revision', () => {
  test.each([
    [`${A}-dirty`, 'nothing'],
    [` ${A}\n`, 'aaa fresh'],
    [A.slice(0, 12), 'aaa fresh'],
  ])('%j proves the image, though a newer run may have pushed: %s', async (revision, expected) => {
    ran(buildA(), buildB({ state: 'unsuccessful' }));
    push('feature', 'aaa', revision);
    expect(await answer(asking('{branch}'))).toBe(expected);
  });

  test.each([
    [`${A}${'f'.repeat(64)}`, 'aaa fresh'],
    [`${'4'.repeat(40)}-dirty`, 'nothing'],
  ])('%s speaks against it, where nothing else does: %s', async (revision, expected) => {
    ran(buildA());
    push('feature', 'aaa', revision);
    expect(await answer(asking('{branch}'))).toBe(expected);
  });

  test('inherited from a base image does not contradict its own', async () => {
    ran(buildA());
    push('feature', 'aaa');
    registry.readRevision = async () => ({ kind: 'found', revisions: [B, A] });
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
  });

  test('is also required for images handed out before the setting', async () => {
    ran(buildA());
    push('feature', 'aaa');
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
    expect(await answer(asking('{branch}', { number: '6' }, { revision: 'require' }))).toBe('nothing');
    pins.set = () => undefined;
    lastGood = createMemoryStore();
    expect(await answer(asking('{branch}', {}, { revision: 'require' }))).toBe('nothing');
  });
});

describe('queries to the registry', () => {
  test.each([
    [buildA(), { notBefore: 10_500, repushed: false }],
    [buildA({ attempt: 2, updatedAt: 30_000 }), { notBefore: 30_000, repushed: true }],
  ])('is by when the build has pushed, and whether it did before', async (run, expected) => {
    const told: unknown[] = [];
    const images: FakeRegistry = createFakeRegistry({ [`registry.test/shop/front:${A}`]: digest('aaa') });
    registry.readDigest = (reference, options) => {
      told.push(options);
      return images.readDigest(reference, options);
    };
    ran(run);
    await answer(asking('{commit}'));
    expect(told).toMatchObject([expected]);
  });

  test('are bounded, however many re-runs there are', async () => {
    ran(buildA({ attempt: 1000 }));
    expect(await answer(asking('{build_id}-{attempt}'))).toBe('nothing');
    expect(registry.asked).toHaveLength(11);
  });

  test('determine the age of the answer', async () => {
    ran(buildA());
    push('feature', 'aaa');
    registry.asOf = 500;
    const { decision } = await resolveBranch(asking('{branch}'), { runs, images: registry, lastGood, pins });
    expect(decision).toMatchObject({ kind: 'answered', asOf: 500 });
  });
});

describe('a deleted tag', () => {
  beforeEach(async () => {
    ran(buildA());
    push('feature', 'aaa');
    await answer(asking('{branch}'));
    registry.tags.clear();
    registry.untagged.add(digest('aaa'));
  });

  test('keeps the image, unless the revision is required', async () => {
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
    lastGood = createMemoryStore();
    expect(await answer(asking('{branch}', {}, { revision: 'require' }))).toBe('nothing');
  });

  test('makes the answer stale while the image cannot be verified', async () => {
    registry.failing.add(`registry.test/shop/front@${digest('aaa')}`);
    expect(await answer(asking('{branch}'))).toBe('aaa stale');
  });
});

describe('an image proven by this process', () => {
  const C = sha('cccccc3');

  test('remains valid after a newer one was handed out and withdrawn', async () => {
    ran(buildA());
    push('feature', 'aaa');
    await answer(asking('{branch}'));
    ran(buildB());
    push('feature', 'bbb');
    expect(await answer(asking('{branch}'))).toBe('bbb fresh');
    push('feature', 'ccc');
    registry.untagged.delete(digest('bbb'));
    runs.runs = [
      createRun({ id: '30', commit: C, state: 'unsuccessful' }),
      buildB({ attempt: 2, state: 'unsuccessful' }),
      buildA(),
    ];
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
  });

  test('is kept if the tag has moved and CI has forgotten one of the build’s runs', async () => {
    ran(buildA(), buildA({ id: '11', event: 'pull_request' }));
    push('feature', 'aaa');
    await answer(asking('{branch}'));
    push('feature', 'bbb');
    // Longer than a registry may lag behind.
    runs.asOf = 400_000;
    registry.asOf = 400_000;
    runs.runs = [buildA({ id: '11', event: 'pull_request' })];
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
    runs.runs = [buildA({ id: '11', event: 'pull_request', attempt: 2 })];
    expect(await answer(asking('{branch}'))).toBe('bbb fresh');
  });

  test('is not used for another pull request', async () => {
    ran(buildA());
    push('feature', 'aaa');
    await answer(asking('{branch}'));
    ran(buildB({ state: 'unsuccessful' }));
    push('feature', 'bbb');
    expect(await answer(asking('{branch}', { number: '6' }))).toBe('nothing');
  });
});

describe('a run that names only another pull request, with a tag by branch', () => {
  const other = createRun({ id: '9', branch: null, pullRequest: '6', commit: B, state: 'running' });

  beforeEach(() => {
    push('feature', 'aaa');
    ran(createRun({ id: '1', commit: A }), other);
  });

  test('may push the tag, as long as its branch is not known', async () => {
    expect(await answer(asking('{branch}'))).toBe('nothing');
  });

  test("does not push it if the pull request's branch is another one", async () => {
    runs.known.set('6', createPullRequestHead({ headBranch: 'other' }));
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
  });

  test('may push it if a fork has a branch of the same name', async () => {
    runs.known.set('6', createPullRequestHead({ headBranch: 'feature', origin: 'foreign' }));
    expect(await answer(asking('{branch}'))).toBe('nothing');
  });
});
