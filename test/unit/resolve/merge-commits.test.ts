/** CI that checks out another commit than the head: GitLab's merged results, one merge commit for each pipeline. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import { resolveBranch } from '../../../src/resolve/resolve-branch.ts';
import type { BranchRequest, ImageRule, LastGood, Run } from '../../../src/resolve/types.ts';
import { formatLastGood, parseLastGood } from '../../../src/store/last-good-json.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import {
  createBuild,
  createImageRule,
  createPinnedImage,
  createProject,
  createRun,
  digest,
  sha,
} from '../../fixtures/builders.ts';
import {
  createFakeRegistry,
  createFakeRunSource,
  type FakeRegistry,
  type FakeRunSource,
} from '../../fixtures/fake-ports.ts';

const HEAD = sha('aaaaaaa1');
const FIRST = sha('1111111a');
const SECOND = sha('2222222b');

let runs: FakeRunSource;
let registry: FakeRegistry;
let lastGood: ReturnType<typeof createMemoryStore>;
let pins: ReturnType<typeof createPinMemory>;

beforeEach(() => {
  runs = createFakeRunSource();
  registry = createFakeRegistry();
  lastGood = createMemoryStore();
  pins = createPinMemory();
});

function asking(rule: Partial<ImageRule> & { readonly text?: string } = {}, ...others: ImageRule[]) {
  const project = createProject({ images: [createImageRule('front', rule), ...others] });
  return { project, branch: 'feature', headSha: HEAD } satisfies BranchRequest;
}
const BRANCH_TAG = { text: 'registry.test/shop/front:{branch}' };

async function answer(request: BranchRequest): Promise<string> {
  const { decision } = await resolveBranch(request, { runs, images: registry, lastGood, pins });
  if (decision.kind !== 'answered') return decision.kind;
  const { build, images } = decision.set;
  return `${images['front']?.digest.slice(7, 10)} of ${build.commit.slice(0, 3)} as ${build.builtCommit.slice(0, 3)}`;
}

function push(tag: string, word: string, revision: string | null = null, image = 'front'): void {
  registry.tags.set(`registry.test/shop/${image}:${tag}`, digest(word));
  registry.revisions.set(digest(word), revision);
}
const merge = (id: string, builtCommit: string | null, given: Partial<Run> = {}) =>
  createRun({ id, commit: HEAD, builtCommit, ...given });

describe('a tag with the commit', () => {
  test('names the commit that CI checked out, and the build keeps its head', async () => {
    runs.runs = [merge('10', FIRST)];
    push('sha-1111111', 'fff');
    expect(await answer(asking())).toBe('fff of aaa as 111');
  });

  test('names the head if CI does not report the commit it checked out', async () => {
    runs.runs = [merge('10', null)];
    push('sha-aaaaaaa', 'fff');
    expect(await answer(asking())).toBe('fff of aaa as aaa');
  });

  test('names the newest of several merges of a head', async () => {
    runs.runs = [merge('10', FIRST), merge('20', SECOND)];
    push('sha-1111111', 'fff');
    push('sha-2222222', 'eee');
    expect(await answer(asking())).toBe('eee of aaa as 222');
  });

  test('missing for the newest merge is not taken from the previous one, whose set is kept', async () => {
    runs.runs = [merge('10', FIRST)];
    push('sha-1111111', 'fff');
    await answer(asking());
    runs.runs = [merge('20', SECOND), ...runs.runs];
    expect(await answer(asking())).toBe('fff of aaa as 111');
    lastGood = createMemoryStore();
    expect(await answer(asking())).toBe('nothing');
  });

  test('is not used if a run of another head checked out a commit with the same prefix', async () => {
    const alike = sha('11111119');
    const other = createRun({ id: '20', branch: 'other', commit: sha('b'), builtCommit: alike });
    runs.runs = [merge('10', FIRST), other];
    push('sha-1111111', 'fff');
    expect(await answer(asking())).toBe('nothing');
    push('sha-1111111', 'fff', FIRST);
    expect(await answer(asking())).toBe('fff of aaa as 111');
  });
});

describe('a mutable tag', () => {
  test.each([
    ['running', null, 'nothing'],
    ['running', SECOND, 'eee of aaa as 222'],
    ['running', FIRST, 'nothing'],
    ['running', HEAD, 'nothing'],
    ['unsuccessful', null, 'eee of aaa as 222'],
  ] as const)(
    'while an earlier merge of the head is %s, with the revision %s: %s',
    async (state, revision, expected) => {
      runs.runs = [merge('10', FIRST, { state }), merge('20', SECOND)];
      push('feature', 'eee', revision);
      expect(await answer(asking(BRANCH_TAG))).toBe(expected);
    },
  );

  test.each([
    [SECOND, 'eee of aaa as 222'],
    [FIRST, 'nothing'],
    [HEAD, 'nothing'],
  ])('with revision: require, the revision %s: %s', async (revision, expected) => {
    runs.runs = [merge('10', FIRST), merge('20', SECOND)];
    push('feature', 'eee', revision);
    expect(await answer(asking({ ...BRANCH_TAG, revision: 'require' }))).toBe(expected);
  });
});

test('an image added to the project does not come from another merge of the head', async () => {
  runs.runs = [merge('10', FIRST)];
  push('sha-1111111', 'fff');
  await answer(asking());
  runs.runs = [merge('20', SECOND), ...runs.runs];
  push('sha-2222222', 'bbb', null, 'back');
  expect(await answer(asking({}, createImageRule('back')))).toBe('failed');
});

test('stored answers keep the built commit; older records name the head', () => {
  const rule = createImageRule('front');
  const build = createBuild({ id: '10', commit: HEAD, builtCommit: FIRST });
  const image = createPinnedImage(rule, build, { digest: digest('fff') });
  const value: LastGood = { set: { build, images: { front: image } }, confirmedAt: 1 };
  const text = formatLastGood(value);
  expect(parseLastGood(text)).toEqual(value);
  const before = parseLastGood(text.replace(`"builtCommit":"${FIRST}",`, ''));
  expect(before?.set.build.builtCommit).toBe(HEAD);
});
