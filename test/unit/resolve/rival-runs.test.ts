/** Which runs may have pushed a tag that moves: attempts, and runs that cannot be read (design §2, "A tag that can move"). */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPinMemory } from '../../../src/cache/pin-memory.ts';
import type { PinMemory, UnreadRun } from '../../../src/resolve/ports.ts';
import { resolveBranch } from '../../../src/resolve/resolve-branch.ts';
import type { BranchRequest, Run } from '../../../src/resolve/types.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import {
  createFakeRegistry,
  createFakeRunSource,
  type FakeRegistry,
  type FakeRunSource,
} from '../../fixtures/fake-ports.ts';
import { createImageRule, createProject, createRun, digest, sha } from '../../fixtures/values.ts';

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

function asking(tag: string, given: Partial<BranchRequest> = {}): BranchRequest {
  const images = [createImageRule('front', { text: `registry.test/shop/front:${tag}` })];
  return { project: createProject({ images }), branch: 'feature', number: '5', ...given };
}

/** `bbb fresh`: the digest's first digits and how fresh it is; else the kind or code. */
async function answer(request: BranchRequest): Promise<string> {
  const { decision } = await resolveBranch(request, { runs, images: registry, lastGood, pins });
  if (decision.kind === 'failed') return decision.code;
  if (decision.kind === 'nothing') return 'nothing';
  return `${decision.set.images['front']?.digest.slice(7, 10)} ${decision.freshness}`;
}

function push(tag: string, word: string): void {
  const reference = `registry.test/shop/front:${tag}`;
  const before = registry.tags.get(reference);
  if (before !== undefined) registry.untagged.add(before);
  registry.tags.set(reference, digest(word));
}

function ran(...list: Run[]): void {
  runs.runs = [...list, ...runs.runs];
}
const buildA = (given: Partial<Run> = {}) => createRun({ id: '10', commit: A, ...given });
const buildB = (given: Partial<Run> = {}) => createRun({ id: '20', commit: B, ...given });

describe('only the jobs that had failed were run again', () => {
  test('the run that came between the attempts has the tag', async () => {
    ran(buildA({ attempt: 2, startedAt: 30_000, updatedAt: 31_000 }), buildB({ state: 'unsuccessful' }));
    push('feature', 'bbb');
    expect(await answer(asking('{branch}'))).toBe('nothing');
  });
});

describe('a tag that holds the attempt and no build', () => {
  test('an earlier attempt of another run pushed it', async () => {
    ran(buildA(), buildB({ attempt: 2, state: 'unsuccessful' }));
    push('feature-1', 'bbb');
    expect(await answer(asking('{branch}-{attempt}'))).toBe('nothing');
  });
  test('an earlier attempt of ours was overwritten', async () => {
    ran(buildA({ attempt: 2 }), buildB({ state: 'unsuccessful' }));
    push('feature-1', 'bbb');
    expect(await answer(asking('{branch}-{attempt}'))).toBe('nothing');
  });
});

describe('a run that cannot be read', () => {
  const red: UnreadRun = {
    id: '20',
    branch: 'feature',
    commit: B,
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

  test('of a branch that renders the same tag', async () => {
    ran(buildA({ branch: 'feature/x' }));
    runs.unread = [{ ...red, branch: 'feature-x' }];
    push('feature-x', 'bbb');
    expect(await answer(asking('{branch}', { branch: 'feature/x' }))).toBe('nothing');
    push('pr-5', 'aaa');
    expect(await answer(asking('pr-{pull_request}', { branch: 'feature/x' }))).toBe('aaa fresh');
  });

  test('leaves what was handed out before it came', async () => {
    ran(buildA());
    push('feature', 'aaa');
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
    runs.unread = [red];
    push('feature', 'bbb');
    expect(await answer(asking('{branch}'))).toBe('aaa fresh');
  });

  test('does not matter to a tag that only the build has', async () => {
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

  test('of another commit with the same digits, does', async () => {
    ran(buildA());
    runs.unread = [{ ...red, branch: 'evil', commit: `${A.slice(0, 7)}fffff`.padEnd(40, '0') }];
    push(A.slice(0, 7), 'bbb');
    expect(await answer(asking('{commit:7}'))).toBe('nothing');
  });
});

test('the beginning of a number is another pull request’s as well', async () => {
  ran(buildA(), buildB({ branch: 'other', state: 'unsuccessful' }));
  push('pr-5', 'bbb');
  expect(await answer(asking('pr-{pull_request:1}', { number: '51' }))).toBe('nothing');
});
