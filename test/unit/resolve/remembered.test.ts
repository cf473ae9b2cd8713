/** What was handed out last, after the configuration changed, while the store is in doubt, and where there is proof of nothing. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import type { LastGoodStore } from '../../../src/resolve/ports.ts';
import { resolveBranch } from '../../../src/resolve/resolve-branch.ts';
import type { BranchRequest, LastGood, Project } from '../../../src/resolve/types.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import {
  createFakeRegistry,
  createFakeRunSource,
  OUTAGE,
  type FakeRegistry,
  type FakeRunSource,
} from '../../fixtures/fake-ports.ts';
import {
  createBuild,
  createImageRule,
  createPinnedImage,
  createProject,
  createRequest,
  createRun,
  digest,
  sha,
  createPullRequestHead,
} from '../../fixtures/builders.ts';

let runs: FakeRunSource;
let registry: FakeRegistry;
let lastGood: LastGoodStore;

beforeEach(() => {
  runs = createFakeRunSource();
  registry = createFakeRegistry();
  lastGood = createMemoryStore();
});

const FRONT = createImageRule('front', { text: 'registry.test/shop/front:{commit}' });
const BACK = createImageRule('back', { text: 'registry.test/shop/back:{commit}' });

function asking(project: Partial<Project> = {}, given: Partial<BranchRequest> = {}): BranchRequest {
  return createRequest({ project: createProject({ images: [FRONT, BACK], ...project }), ...given });
}
async function decision(request: BranchRequest) {
  const ports = { runs, images: registry, lastGood, pins: createPinMemory() };
  return (await resolveBranch(request, ports)).decision;
}
/** `7 fresh front back`: build, freshness, images; else the kind or code. */
async function answer(request: BranchRequest): Promise<string> {
  const decided = await decision(request);
  if (decided.kind === 'failed') return decided.code;
  if (decided.kind === 'nothing') return `nothing ${decided.freshness}`;
  const { set, freshness } = decided;
  return [set.build.id, freshness, ...Object.keys(set.images)].join(' ');
}
function push(id: string, ...names: string[]): void {
  for (const name of names) {
    registry.tags.set(
      `registry.test/shop/${name}:${sha(id)}`,
      digest(`${name === 'front' ? 'f' : 'b'}${id}`),
    );
  }
}
/** Build 7 is handed out with both images. */
async function handOut(request = asking()): Promise<void> {
  runs.runs = [createRun({ id: '7' })];
  push('7', 'front', 'back');
  expect(await answer(request)).toMatch(/^7 fresh/);
}

function store(change: (kept: LastGood) => LastGood): void {
  const build = createBuild({ id: '9' });
  const images = {
    front: createPinnedImage(FRONT, build, { digest: digest('f9') }),
    back: createPinnedImage(BACK, build, { digest: digest('b9') }),
  };
  const kept = change({ set: { build, images }, confirmedAt: 500 });
  lastGood = { ...createMemoryStore(), get: async () => kept };
}

function wholeSince(since: number | null): void {
  lastGood = { ...createMemoryStore(), wholeSince: () => since };
}

function openedAfter(at: number | null): void {
  runs.pullRequest = createPullRequestHead({ openedAfter: at });
}

describe('after the configuration changed', () => {
  test('of handOut only, no query is repeated', async () => {
    await handOut();
    const images = [{ ...FRONT, handOut: 'mirror.test/front' }, BACK];
    const before = registry.asked.length;
    runs.failure = OUTAGE;
    expect(await answer(asking({ images }))).toBe('7 stale front back');
    expect(registry.asked.length).toBe(before);
  });

  test.each<[string, Partial<Project>]>([
    ['another repository', { gitRepository: 'acme/other' }],
    ['another connection', { ci: 'jenkins' }],
  ])('%s: what was handed out before is not the answer', async (_name, change) => {
    await handOut();
    runs.runs = [];
    expect(await answer(asking(change))).toBe('nothing fresh');
    runs.failure = OUTAGE;
    expect(await answer(asking(change))).toBe('upstream_failed');
  });

  test('the repository in another case is the same one', async () => {
    await handOut();
    runs.failure = OUTAGE;
    expect(await answer(asking({ gitRepository: 'Acme/Shop' }))).toBe('7 stale front back');
  });

  test.each([
    ['another path', createImageRule('front', { text: 'registry.test/new/front:{commit}' })],
    ['another registry', createImageRule('front', { text: 'other.test/shop/front:{commit}' })],
    ['another tag', createImageRule('front', { text: 'registry.test/shop/front:v-{commit}' })],
    [
      'a platform',
      createImageRule('front', {
        text: 'registry.test/shop/front:{commit}',
        platform: { os: 'linux', architecture: 'arm64' },
      }),
    ],
  ])(
    '%s of an image: its old digest is not handed out, fresh or stale, and nothing is deleted',
    async (_, rule) => {
      await handOut();
      registry.failing.add(rule.template.text.replace('{commit}', sha('7')));
      expect(await answer(asking({ images: [rule, BACK] }))).toBe('upstream_failed');
      runs.failure = OUTAGE;
      expect(await answer(asking({ images: [rule, BACK] }))).toBe('upstream_failed');
    },
  );

  test('an added image is looked up in the build handed out', async () => {
    await handOut(asking({ images: [FRONT] }));
    runs.runs = [];
    expect(await answer(asking())).toBe('7 fresh front back');
  });

  test('an added image that no build has deletes nothing', async () => {
    runs.runs = [createRun({ id: '7' })];
    push('7', 'front');
    expect(await answer(asking({ images: [FRONT] }))).toBe('7 fresh front');
    expect(await decision(asking())).toMatchObject({
      kind: 'failed',
      code: 'upstream_failed',
      message: expect.stringContaining('image back was added'),
    });
    push('7', 'back');
    expect(await answer(asking())).toBe('7 fresh front back');
  });

  test.each(['unsuccessful', 'running'] as const)(
    'an added image does not come from a %s attempt',
    async (state) => {
      await handOut(asking({ images: [FRONT] }));
      runs.runs = [createRun({ id: '7', attempt: 2, state })];
      expect(await answer(asking())).toBe('upstream_failed');
    },
  );

  test('an older build with the added image is not a reason to downgrade', async () => {
    runs.runs = [createRun({ id: '7' }), createRun({ id: '6' })];
    push('7', 'front');
    push('6', 'front', 'back');
    expect(await answer(asking({ images: [FRONT] }))).toBe('7 fresh front');
    expect(await answer(asking())).toBe('upstream_failed');
  });

  test('no set without the added image is handed out while the registry is down', async () => {
    runs.runs = [createRun({ id: '7' }), createRun({ id: '6' })];
    push('7', 'front');
    push('6', 'front', 'back');
    expect(await answer(asking({ images: [FRONT] }))).toBe('7 fresh front');
    registry.failing.add(`registry.test/shop/front@${digest('f7')}`);
    expect(await answer(asking())).toBe('upstream_failed');
  });

  test('an added image with a mutable tag waits for CI to confirm the runs', async () => {
    await handOut(asking({ images: [FRONT] }));
    runs.runs = [];
    registry.tags.set('registry.test/shop/back:feature', digest('b7'));
    registry.asOf = runs.asOf + 1;
    const moving = createImageRule('back', { text: 'registry.test/shop/back:{branch}' });
    expect(await answer(asking({ images: [FRONT, moving] }))).toBe('upstream_failed');
  });

  test('runs alone that suggest a fork delete nothing', async () => {
    await handOut(asking({ images: [FRONT] }));
    registry.tags.delete(`registry.test/shop/back:${sha('7')}`);
    runs.runs = [createRun({ id: '9', origin: 'foreign' })];
    expect(await answer(asking({}, { headSha: sha('9') }))).toBe('upstream_failed');
  });

  test('a removed image is not missed, even if CI has forgotten the run', async () => {
    await handOut();
    runs.runs = [];
    expect(await answer(asking({ images: [FRONT] }))).toBe('7 fresh front');
  });
});

describe('a set is newer only if none of its images is older (onMissing: previous)', () => {
  const previous = createImageRule('back', { text: BACK.template.text, onMissing: 'previous' });
  const request = asking({ images: [FRONT, previous] });

  test('a newer build without the image does not bring back an older one', async () => {
    runs.runs = ['7', '6'].map((id) => createRun({ id }));
    push('6', 'front', 'back');
    push('7', 'front', 'back');
    expect(await answer(request)).toBe('7 fresh front back');
    runs.runs = ['8', '7', '6'].map((id) => createRun({ id }));
    push('8', 'front');
    registry.tags.delete(`registry.test/shop/back:${sha('7')}`);
    registry.untagged.add(digest('b7'));
    const decided = await decision(request);
    expect(decided).toMatchObject({
      freshness: 'fresh',
      set: { build: { id: '8' }, images: { back: { digest: digest('b7') } } },
    });
  });

  test('once that image is gone from the registry, an older one is used', async () => {
    runs.runs = ['7', '6'].map((id) => createRun({ id }));
    push('6', 'front', 'back');
    push('7', 'front', 'back');
    await answer(request);
    runs.runs = ['8', '7', '6'].map((id) => createRun({ id }));
    push('8', 'front');
    registry.tags.delete(`registry.test/shop/back:${sha('7')}`);
    expect(await decision(request)).toMatchObject({
      set: { build: { id: '8' }, images: { back: { digest: digest('b6') } } },
    });
  });

  test('if CI has forgotten the run that pushed it, the set is kept', async () => {
    runs.runs = ['7', '6'].map((id) => createRun({ id }));
    push('6', 'front', 'back');
    push('7', 'front', 'back');
    await answer(request);
    runs.runs = ['8', '6'].map((id) => createRun({ id }));
    push('8', 'front');
    expect(await answer(request)).toBe('7 fresh front back');
  });
});

describe('stored answers', () => {
  test('another replica’s newer answer, written meanwhile, is not replaced by an older one', async () => {
    runs.runs = [createRun({ id: '7' })];
    push('7', 'front', 'back');
    push('9', 'front', 'back');
    store((kept) => kept);
    const theirs = await lastGood.get('');
    const written: string[] = [];
    lastGood = {
      ...createMemoryStore(),
      set: async (_, { set }) => {
        written.push(set.build.id);
        return written.length === 1 && typeof theirs === 'object' ? theirs : undefined;
      },
    };
    expect(await answer(asking())).toBe('9 fresh front back');
    expect(written).toEqual(['7', '9']);
  });

  test('are never stale', async () => {
    await handOut();
    lastGood.set = () => Promise.reject(new Error('written'));
    runs.failure = OUTAGE;
    expect(await answer(asking())).toBe('7 stale front back');
  });

  test('the same commit is no downgrade, even if the run that made it newer is gone', async () => {
    runs.runs = [createRun({ id: '7' }), createRun({ id: '9', commit: sha('7') })];
    push('7', 'front', 'back');
    expect(await answer(asking())).toBe('9 fresh front back');
    runs.runs = [createRun({ id: '7' })];
    expect(await answer(asking())).toBe('7 fresh front back');
  });
});

describe('a row written by someone else', () => {
  test('is used if it fits the configuration', async () => {
    store((kept) => kept);
    runs.failure = OUTAGE;
    expect(await answer(asking())).toBe('9 stale front back');
  });

  test('does not redirect an image to another registry if the path has placeholders', async () => {
    const rule = createImageRule('front', { text: 'registry.test/{ref_slug}/front:{commit}' });
    const build = createBuild({ id: '9' });
    const pinnedIn = (repository: string) => ({
      front: createPinnedImage(rule, build, { digest: digest('f9'), repository }),
    });
    runs.failure = OUTAGE;
    for (const [repository, expected] of [
      ['registry.test/feature/front', '9 stale front'],
      ['evil.test/feature/front', 'upstream_failed'],
    ] as const) {
      const kept = { set: { build, images: pinnedIn(repository) }, confirmedAt: 500 };
      lastGood = { ...createMemoryStore(), get: async () => kept };
      expect(await answer(asking({ images: [rule] }))).toBe(expected);
    }
  });

  test('does not redirect an image to another repository', async () => {
    store(({ set, ...kept }) => ({
      ...kept,
      set: {
        ...set,
        images: Object.fromEntries(
          Object.entries(set.images).map(([name, image]) => [name, { ...image, repository: 'evil.test/x' }]),
        ),
      },
    }));
    runs.failure = OUTAGE;
    expect(await answer(asking())).toBe('upstream_failed');
  });
});

describe('while the last answer is unknown', () => {
  beforeEach(() => {
    lastGood = { ...createMemoryStore(), get: async () => 'unreadable' };
    push('6', 'front', 'back');
  });

  test.each([
    ['the newest build is handed out, fresh', [createRun({ id: '6' })], '6 fresh front back'],
    [
      'an older one is fresh if the newer one was never green',
      [createRun({ id: '7', state: 'unsuccessful' }), createRun({ id: '6' })],
      '6 fresh front back',
    ],
    [
      'an older one is stale while a newer one is re-run, which may be deployed',
      [createRun({ id: '7', state: 'running', attempt: 2 }), createRun({ id: '6' })],
      '6 stale front back',
    ],
    [
      'an older one is stale if a newer green one lacks an image',
      [createRun({ id: '7' }), createRun({ id: '6' })],
      '6 stale front back',
    ],
    ['there is no empty list', [], 'upstream_failed'],
  ])('%s', async (_name, known, expected) => {
    runs.runs = known;
    expect(await answer(asking())).toBe(expected);
  });
});

describe('proof that nothing was ever handed out for a pull request', () => {
  const HOUR = 3_600_000;
  const request = asking({}, { number: '5' });

  beforeEach(() => {
    runs.runs = [createRun({ id: '7' })];
    registry.failing.add('*');
    wholeSince(10 * HOUR);
    openedAfter(12 * HOUR);
  });

  test('gives an empty list, stale, if an upstream fails: other pull requests continue', async () => {
    expect(await answer(request)).toBe('nothing stale');
  });

  test.each<[string, () => void]>([
    ['the store does not outlive the process', () => wholeSince(null)],
    ['the store is younger than the pull request', () => openedAfter(9 * HOUR)],
    ['it may be as old as the store', () => openedAfter(10 * HOUR)],
    ['CI does not tell when it was opened', () => openedAfter(null)],
    ['CI cannot tell at all', () => (runs.pullRequest = { kind: 'failed', failure: OUTAGE })],
    ['the store cannot be read', () => (lastGood = { ...lastGood, get: async () => 'unreadable' })],
  ])('there is none where %s', async (_name, change) => {
    change();
    expect(await answer(request)).toBe('upstream_failed');
  });

  test('does not apply if no upstream failed', async () => {
    runs.runs = [];
    expect(await answer(asking({ onNoBuild: 'error' }, { number: '5' }))).toBe('upstream_failed');
    const images = [createImageRule('front', { text: 'registry.test/shop/front:pr-{pull_request}' })];
    runs.runs = [createRun({ id: '7' })];
    expect(await answer(asking({ images }))).toBe('invalid_request');
  });

  test('does not exist for a branch without a pull request', async () => {
    expect(await answer(asking())).toBe('upstream_failed');
  });

  test.each<[string, Partial<Project>]>([
    ['another repository', { gitRepository: 'acme/other' }],
    ['another connection', { ci: 'jenkins' }],
  ])('there is none where something was handed out for %s', async (_name, change) => {
    registry.failing.clear();
    push('7', 'front', 'back');
    expect(await answer(request)).toBe('7 fresh front back');
    runs.failure = OUTAGE;
    expect(await answer(asking(change, { number: '5' }))).toBe('upstream_failed');
  });

  test('does not exist if the branch got an answer when its number was not passed', async () => {
    registry.failing.clear();
    push('7', 'front', 'back');
    expect(await answer(asking())).toBe('7 fresh front back');
    runs.failure = OUTAGE;
    expect(await answer(request)).toBe('upstream_failed');
  });

  test('a running environment keeps running', async () => {
    registry.failing.clear();
    push('7', 'front', 'back');
    expect(await answer(request)).toBe('7 fresh front back');
    registry.failing.add('*');
    expect(await answer(request)).toBe('7 stale front back');
  });
});

describe('a branch name never causes an error', () => {
  test.each(['日本語', '#123-fix', '@scope/x', 'x'.repeat(130), '{{a}}', 'a\u{85}b'])(
    '%s',
    async (branch) => {
      const text = 'registry.test/shop/front:{ref_slug}';
      runs.runs = [createRun({ id: '7', branch })];
      registry.readDigest = async (reference) => ({ kind: 'invalid', reason: `no reference: ${reference}` });
      expect(await answer(asking({ images: [createImageRule('front', { text })] }, { branch }))).toBe(
        'nothing fresh',
      );
    },
  );
});
