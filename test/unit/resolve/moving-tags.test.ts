/** Whose image a tag holds that more than one build may have pushed. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import type { PinMemory } from '../../../src/resolve/ports.ts';
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
import { createImageRule, createProject, createRun, digest, sha } from '../../fixtures/builders.ts';

const PULL_REQUEST_TAG = 'registry.test/shop/front:pr-{pull_request}';
const BRANCH_TAG = 'registry.test/shop/front:{branch}';
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

function asking(text: string, given: Partial<BranchRequest> = {}, rule: Partial<ImageRule> = {}) {
  const events = ['push', 'pull_request', 'workflow_dispatch'];
  const project = createProject({ images: [createImageRule('front', { text, ...rule })], events });
  return { project, branch: 'feature', number: '5', ...given };
}

/** `bbb fresh`: the digest's first digits and how fresh it is; else the kind or code. */
async function answer(request: BranchRequest): Promise<string> {
  const { decision } = await resolveBranch(request, { runs, images: registry, lastGood, pins });
  if (decision.kind === 'failed') return decision.code;
  if (decision.kind === 'nothing') return 'nothing';
  return `${decision.set.images['front']?.digest.slice(7, 10)} ${decision.freshness}`;
}

/** CI pushed the tag: what it held before can still be pulled by its digest. */
function push(reference: string, word: string, revision: string | null = null): void {
  const before = registry.tags.get(reference);
  if (before !== undefined) registry.untagged.add(before);
  registry.tags.set(reference, digest(word));
  registry.revisions.set(digest(word), revision);
}

function ran(...list: Run[]): void {
  runs.runs = [...list, ...runs.runs];
}
const buildA = (given: Partial<Run> = {}) => createRun({ id: '10', commit: A, ...given });
const buildB = (given: Partial<Run> = {}) => createRun({ id: '20', commit: B, ...given });

describe.each([
  ['push', BRANCH_TAG, 'registry.test/shop/front:feature'],
  ['pull_request', PULL_REQUEST_TAG, 'registry.test/shop/front:pr-5'],
  ['workflow_dispatch', BRANCH_TAG, 'registry.test/shop/front:feature'],
])('on %s, %s', (event, template, tag) => {
  const request = asking(template);

  test.each(['unsuccessful', 'running', 'skipped'] as const)(
    'a newer %s run that has moved the tag does not change the answer',
    async (state) => {
      ran(buildA({ event }));
      push(tag, 'aaa');
      expect(await answer(request)).toBe('aaa fresh');
      ran(buildB({ event, state }));
      push(tag, state === 'skipped' ? 'aaa' : 'bbb');
      expect(await answer(request)).toBe('aaa fresh');
    },
  );

  test('the image of a moved tag is not used if nothing was handed out before', async () => {
    ran(buildA({ event }), buildB({ event, state: 'unsuccessful' }));
    push(tag, 'bbb');
    expect(await answer(request)).toBe('nothing');
  });

  test('the newest green build owns the tag’s image', async () => {
    ran(buildA({ event }), buildB({ event }));
    push(tag, 'bbb');
    expect(await answer(request)).toBe('bbb fresh');
  });

  test('a green build after a red one is used', async () => {
    ran(buildA({ event }));
    push(tag, 'aaa');
    await answer(request);
    ran(buildB({ event, state: 'unsuccessful' }));
    push(tag, 'bbb');
    await answer(request);
    ran(createRun({ id: '30', commit: sha('cc'), event }));
    push(tag, 'ccc');
    expect(await answer(request)).toBe('ccc fresh');
  });

  test('a revision with the commit proves the image, whatever ran since', async () => {
    ran(buildA({ event }), buildB({ event, state: 'unsuccessful' }));
    push(tag, 'aaa', A);
    expect(await answer(request)).toBe('aaa fresh');
  });

  test('an image handed out survives the deletion of its tag', async () => {
    ran(buildA({ event }));
    push(tag, 'aaa');
    await answer(request);
    registry.tags.delete(tag);
    registry.untagged.add(digest('aaa'));
    expect(await answer(request)).toBe('aaa fresh');
  });

  test('another process with the same store knows it too', async () => {
    ran(buildA({ event }));
    push(tag, 'aaa');
    await answer(request);
    pins = createPinMemory();
    ran(buildB({ event, state: 'unsuccessful' }));
    push(tag, 'bbb');
    expect(await answer(request)).toBe('aaa fresh');
  });
});

describe('which runs may have pushed the tag since', () => {
  const tag = 'registry.test/shop/front:feature';
  const request = asking(BRANCH_TAG);

  test.each<[string, Partial<Run>, string]>([
    ['a red run of a newer commit', { state: 'unsuccessful' }, 'nothing'],
    ['a run of an event that does not count', { event: 'schedule', state: 'unsuccessful' }, 'nothing'],
    ['a run of a tag with that name', { refKind: 'tag' }, 'nothing'],
    [
      'a re-run of an older commit',
      { id: '5', attempt: 2, startedAt: 30_000, updatedAt: 30_500, state: 'unsuccessful' },
      'nothing',
    ],
    ['an older run that took longer', { id: '9', updatedAt: 50_000, state: 'unsuccessful' }, 'nothing'],
    [
      'an older run that was cancelled in favor of this one',
      { id: '9', updatedAt: 10_100, state: 'unsuccessful' },
      'aaa fresh',
    ],
    [
      'a workflow that is not configured',
      { workflow: '.github/workflows/lint.yml', state: 'unsuccessful' },
      'aaa fresh',
    ],
    ['a run that was skipped', { state: 'skipped' }, 'aaa fresh'],
    [
      'a fork’s pull request, which gets no credentials',
      { origin: 'foreign', event: 'pull_request' },
      'aaa fresh',
    ],
    [
      'a fork’s run with credentials',
      { origin: 'foreign', mayPush: true, event: 'pull_request_target' },
      'nothing',
    ],
    ['a run of another branch', { branch: 'other', state: 'unsuccessful' }, 'aaa fresh'],
    ['another run of the same commit', { commit: A, event: 'schedule' }, 'aaa fresh'],
  ])('%s', async (_name, given, expected) => {
    ran(buildA(), buildB(given));
    push(tag, 'aaa');
    expect(await answer(request)).toBe(expected);
  });
});

describe('a tag that moved without a run of the build', () => {
  const tag = 'registry.test/shop/front:feature';

  test('does not replace the image: an unlisted re-run of an older run may have moved it', async () => {
    ran(buildA());
    push(tag, 'aaa');
    expect(await answer(asking(BRANCH_TAG))).toBe('aaa fresh');
    push(tag, 'ddd');
    runs.asOf = 400_000;
    registry.asOf = 400_000;
    expect(await answer(asking(BRANCH_TAG))).toBe('aaa fresh');
  });

  test('is used soon after the build ended: the registry may have shown the previous image', async () => {
    ran(createRun({ id: '5', commit: sha('01d') }));
    push(tag, '0ff');
    await answer(asking(BRANCH_TAG));
    ran(buildA());
    expect(await answer(asking(BRANCH_TAG))).toBe('0ff fresh');
    push(tag, 'aaa');
    runs.asOf = 60_000;
    registry.asOf = 60_000;
    expect(await answer(asking(BRANCH_TAG))).toBe('aaa fresh');
  });

  test('is used once the build was re-run, or a revision proves it', async () => {
    ran(buildA());
    push(tag, 'aaa');
    await answer(asking(BRANCH_TAG));
    push(tag, 'ddd', A);
    expect(await answer(asking(BRANCH_TAG))).toBe('ddd fresh');
    push(tag, 'eee');
    runs.runs = [buildA({ attempt: 2 })];
    expect(await answer(asking(BRANCH_TAG))).toBe('eee fresh');
  });

  test('with the commit is used: only builds of the same commit push it', async () => {
    const request = asking('registry.test/shop/front:{commit}');
    ran(buildA());
    push(`registry.test/shop/front:${A}`, 'aaa');
    await answer(request);
    push(`registry.test/shop/front:${A}`, 'ddd');
    expect(await answer(request)).toBe('ddd fresh');
  });
});

describe('two branches, one tag', () => {
  test.each([
    ['registry.test/shop/front:{branch}', 'feature/x', 'feature-x', 'feature-x'],
    ['registry.test/shop/front:{ref_slug}', 'Feature_X', 'feature-x', 'feature-x'],
    ['registry.test/shop/front:{branch:7}', 'feature-a', 'feature-b', 'feature'],
    ['registry.test/shop/front:latest', 'main', 'next', 'latest'],
  ])('%s: %s does not get the image of %s', async (text, older, newer, tag) => {
    ran(buildA({ branch: older }), buildB({ branch: newer }));
    push(`registry.test/shop/front:${tag}`, 'bbb');
    expect(await answer(asking(text, { branch: older }))).toBe('nothing');
    expect(await answer(asking(text, { branch: newer }))).toBe('bbb fresh');
  });

  test('each keeps the image it had before the other', async () => {
    const tag = 'registry.test/shop/front:feature-x';
    ran(buildA({ branch: 'feature/x' }));
    push(tag, 'aaa');
    expect(await answer(asking(BRANCH_TAG, { branch: 'feature/x' }))).toBe('aaa fresh');
    ran(buildB({ branch: 'feature-x' }));
    push(tag, 'bbb');
    expect(await answer(asking(BRANCH_TAG, { branch: 'feature/x' }))).toBe('aaa fresh');
    expect(await answer(asking(BRANCH_TAG, { branch: 'feature-x' }))).toBe('bbb fresh');
  });

  test('two workflows with the same build number', async () => {
    const request = asking('registry.test/shop/front:{build_number}');
    const project = { ...request.project, workflows: [] };
    ran(
      buildA({ number: '7', workflow: 'a.yml' }),
      buildB({ number: '7', workflow: 'b.yml', branch: 'other', state: 'unsuccessful' }),
    );
    push('registry.test/shop/front:7', 'bbb');
    expect(await answer({ ...request, project })).toBe('nothing');
  });
});

describe('a short prefix of the commit', () => {
  const request = asking('registry.test/shop/front:{commit:7}');
  const tag = `registry.test/shop/front:${A.slice(0, 7)}`;
  const FORGED = `${A.slice(0, 7)}fffff`.padEnd(40, '0');

  test('shared by another commit does not yield that one’s image', async () => {
    ran(buildA());
    push(tag, 'aaa');
    expect(await answer(request)).toBe('aaa fresh');
    ran(createRun({ id: '20', commit: FORGED, branch: 'evil', state: 'unsuccessful' }));
    push(tag, 'bbb');
    expect(await answer(request)).toBe('aaa fresh');
  });

  test('shared by another commit needs a full revision as proof if nothing was handed out', async () => {
    ran(buildA(), createRun({ id: '20', commit: FORGED, branch: 'evil', state: 'unsuccessful' }));
    push(tag, 'bbb');
    expect(await answer(request)).toBe('nothing');
    registry.revisions.set(digest('bbb'), A.slice(0, 7));
    expect(await answer({ ...request, number: '6' })).toBe('nothing');
    registry.revisions.set(digest('bbb'), A);
    expect(await answer({ ...request, number: '7' })).toBe('bbb fresh');
  });

  test('not shared by another commit costs one call', async () => {
    ran(buildA());
    push(tag, 'aaa');
    await answer(request);
    expect([runs.asked, registry.asked]).toEqual([['branch feature'], [tag]]);
  });
});

describe('the revision', () => {
  const tag = 'registry.test/shop/front:feature';

  test.each([
    [`${B}-dirty`, 'push', 'nothing'],
    [`${A}-dirty`, 'push', 'aaa fresh'],
    [`${B.slice(0, 12)}-dirty`, 'push', 'nothing'],
    ['20260101-nightly', 'push', 'aaa fresh'],
    ['dddddd1-dirty', 'push', 'nothing'],
    ['dddddd1-dirty', 'pull_request', 'aaa fresh'],
    ['refs/heads/main', 'push', 'aaa fresh'],
    [A.toUpperCase(), 'push', 'aaa fresh'],
    [sha('ccc'), 'pull_request', 'aaa fresh'],
    [B, 'pull_request', 'nothing'],
  ])('%s on %s: %s', async (revision, event, expected) => {
    // The other commit is known, of a branch that renders another tag.
    ran(buildA({ event }), buildB({ branch: 'other' }));
    push(tag, 'aaa', revision);
    expect(await answer(asking(BRANCH_TAG))).toBe(expected);
  });
});

describe('reading the registry and CI consistently', () => {
  const tag = 'registry.test/shop/front:feature';

  test('a run that began between listing and reading is noticed before handing out', async () => {
    ran(buildA());
    push(tag, 'bbb');
    registry.asOf = runs.asOf + 10_000;
    runs.onConfirm = () => ran(buildB({ state: 'running' }));
    expect(await answer(asking(BRANCH_TAG))).toBe('nothing');
    expect(runs.asked).toContain(`confirm 0 since ${registry.asOf}`);
  });

  test('an image pushed again needs the outcome of the attempt that pushed it', async () => {
    const request = asking('registry.test/shop/front:{commit}');
    ran(buildA());
    push(`registry.test/shop/front:${A}`, 'aaa');
    expect(await answer(request)).toBe('aaa fresh');
    push(`registry.test/shop/front:${A}`, 'bbb');
    registry.asOf = runs.asOf + 10_000;
    runs.onConfirm = () => (runs.runs = [buildA({ attempt: 2, state: 'unsuccessful' })]);
    expect(await answer(request)).toBe('aaa fresh');
    runs.runs = [buildA({ attempt: 3 })];
    expect(await answer(request)).toBe('bbb fresh');
  });

  test('without CI’s confirmation, the last set is kept, stale', async () => {
    const request = asking('registry.test/shop/front:{commit}');
    ran(buildA());
    push(`registry.test/shop/front:${A}`, 'aaa');
    await answer(request);
    push(`registry.test/shop/front:${A}`, 'bbb');
    registry.asOf = runs.asOf + 10_000;
    runs.onConfirm = () => (runs.failure = OUTAGE);
    expect(await answer(request)).toBe('aaa stale');
  });
});

describe('a tag with the attempt', () => {
  const request = asking('registry.test/shop/front:{build_id}-{attempt}');

  test.each([
    [3, ['1'], '1'],
    [3, ['1', '2'], '2'],
    [3, ['1', '2', '3'], '3'],
    [1, [], undefined],
  ])('of attempt %i, with tags of %j, is that of %s', async (attempt, tags, expected) => {
    ran(buildA({ attempt }));
    for (const one of tags) push(`registry.test/shop/front:10-${one}`, `a${one}`);
    expect(await answer(request)).toBe(expected === undefined ? 'nothing' : `a${expected}0 fresh`);
  });

  test('yields no image while the registry cannot verify the newest attempt', async () => {
    ran(buildA({ attempt: 2 }));
    push('registry.test/shop/front:10-1', 'a1');
    registry.failing.add('registry.test/shop/front:10-2');
    expect(await answer(request)).toBe('upstream_failed');
  });
});
