/** Images that come from the target branch (`onMissing: target`). */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import type { Decision } from '../../../src/resolve/decision.ts';
import type { BranchRuns, Failed, GateReading, StatusGate } from '../../../src/resolve/ports.ts';
import { resolveBranch, type Resolution } from '../../../src/resolve/resolve-branch.ts';
import type { BranchRequest, Run } from '../../../src/resolve/types.ts';
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

const PROJECT = createProject({
  images: [createImageRule('front'), createImageRule('back', { onMissing: 'target' })],
});
const REQUEST = createRequest({ project: PROJECT, targetBranch: 'main' });

let runs = createFakeRunSource();
let registry = createFakeRegistry();
let lastGood = createMemoryStore();
let pins = createPinMemory();

beforeEach(() => {
  runs = createFakeRunSource([createRun({ id: '7' }), onMain('5')]);
  registry = createFakeRegistry();
  lastGood = createMemoryStore();
  pins = createPinMemory();
  push('7', 'front');
  push('5', 'front', 'back');
});

function onMain(id: string, given: Partial<Run> = {}): Run {
  return createRun({ id, branch: 'main', ...given });
}

function tagOf(id: string, name: string): string {
  return `registry.test/shop/${name}:sha-${sha(id).slice(0, 7)}`;
}

function push(id: string, ...names: readonly string[]): void {
  for (const name of names)
    registry.tags.set(tagOf(id, name), digest(`${name === 'front' ? 'f' : 'b'}${id}`));
}

function resolve(request: BranchRequest = REQUEST): Promise<Resolution> {
  return resolveBranch(request, { runs, images: registry, lastGood, pins });
}

async function decide(request?: BranchRequest): Promise<Decision> {
  return (await resolve(request)).decision;
}

/** `front f7, back b5 of main`, or the kind of decision. */
async function answer(request?: BranchRequest): Promise<string> {
  const decision = await decide(request);
  if (decision.kind !== 'answered') return decision.kind;
  const { images } = decision.set;
  return Object.entries(images)
    .map(([name, { digest: found, target }]) => {
      const from = target === undefined ? '' : ` of ${target}`;
      return `${name} ${found.slice('sha256:'.length).replace(/0+$/, '')}${from}`;
    })
    .join(', ');
}

function failFor(branch: string): void {
  const known = runs;
  runs = {
    ...known,
    read: (subject): Promise<BranchRuns> =>
      subject.branch === branch ? Promise.resolve({ kind: 'failed', failure: OUTAGE }) : known.read(subject),
  };
}

describe('an image that the branch did not build', () => {
  test("comes from the target branch's newest green build, and the answer says so", async () => {
    expect(await answer()).toBe('front f7, back b5 of main');
    expect(await decide()).toMatchObject({
      freshness: 'fresh',
      because: expect.stringContaining('from the target branch (onMissing: target): back (main)') as string,
      set: { build: { id: '7', branch: 'feature' } },
    });
  });

  test('comes from an earlier build of the branch, if one has it: it may contain its change', async () => {
    runs.runs.push(createRun({ id: '6' }));
    push('6', 'front', 'back');
    expect(await answer()).toBe('front f7, back b6');
  });

  test('waits for older runs of the branch before the target branch counts', async () => {
    runs.older = [createRun({ id: '6', position: 3000 })];
    runs.coverage = { kind: 'since', position: 4000, createdAt: -1e9 };
    push('6', 'front', 'back');
    expect(await answer()).toBe('front f7, back b6');
  });

  test('comes from the newest green build of the target branch that has it', async () => {
    runs.runs.push(onMain('9', { state: 'unsuccessful' }), onMain('8'));
    push('8', 'front');
    push('9', 'front', 'back');
    expect(await answer()).toBe('front f7, back b5 of main');
  });

  test("never comes from a fork's branch of the same name", async () => {
    runs.runs = [createRun({ id: '7' }), onMain('5', { origin: 'foreign' })];
    expect(await answer()).toBe('nothing');
  });

  test('never comes from a tag named like the target branch', async () => {
    runs.runs = [createRun({ id: '7' }), onMain('5', { refKind: 'tag' })];
    expect(await answer()).toBe('nothing');
  });
});

describe('without target_branch in the call', () => {
  test('the build is rejected, and the explanation says what to pass', async () => {
    const resolution = await resolve(createRequest({ project: PROJECT }));
    expect(resolution.decision.kind).toBe('nothing');
    expect(resolution.examined[0]?.findings.get('back')).toMatchObject({
      kind: 'absent',
      reason: expect.stringContaining('pass target_branch: "{{ .target_branch }}"') as string,
    });
  });

  test('so is one of the target branch itself', async () => {
    expect(await answer(createRequest({ project: PROJECT, targetBranch: 'feature' }))).toBe('nothing');
  });
});

describe('a failure to read the target branch is a failure, not an absence:', () => {
  test('an error without a last good answer', async () => {
    failFor('main');
    expect(await answer()).toBe('failed');
  });

  test('the last good answer, stale, with one', async () => {
    await decide();
    failFor('main');
    expect(await decide()).toMatchObject({ freshness: 'stale', set: { build: { id: '7' } } });
  });

  test('so is a run of it whose state CI cannot report', async () => {
    runs.runs = [createRun({ id: '7' }), onMain('5', { state: 'running' })];
    runs.unresolved = { failure: OUTAGE, position: 5000 };
    expect(await answer()).toBe('failed');
  });

  test('so is a registry that does not answer for its image', async () => {
    registry.failing.add(tagOf('5', 'back'));
    expect(await answer()).toBe('failed');
  });

  test('the target branch is not read if the build lacks another image anyway', async () => {
    failFor('main');
    registry.tags.delete(tagOf('7', 'front'));
    expect(await answer()).toBe('nothing');
  });
});

/** A gate that is green for the branch's own commit; `others` is what it says about all others. */
function createGate(others: GateReading['status'] | 'failed'): StatusGate {
  const read = (commit: string): GateReading | Failed => {
    const status = commit === sha('7') ? 'green' : others;
    return status === 'failed'
      ? { kind: 'failed', failure: OUTAGE }
      : { kind: 'known', status, reason: 'sonarqube', statuses: [], askedAt: 1e9, passedAt: 0 };
  };
  return { host: 'git.test', read: (commit) => Promise.resolve(read(commit)), peek: () => undefined };
}

test.each([
  ['green', 'answered'],
  ['unsuccessful', 'nothing'],
  ['failed', 'failed'],
] as const)("statuses of the target branch's build that are %s: %s", async (others, expected) => {
  const gate = createGate(others);
  const { decision } = await resolveBranch(REQUEST, { runs, images: registry, lastGood, pins, gate });
  expect(decision.kind).toBe(expected);
});

test("closed builds of the target branch do not count towards lookback, as on the branch's own", async () => {
  for (const id of ['6', '8', '9']) runs.runs.push(onMain(id));
  const gate = createFakeGate();
  for (const id of ['6', '8', '9']) gate.closed.set(sha(id), { status: 'running', reason: 'scan pending' });
  const request = { ...REQUEST, project: { ...PROJECT, lookback: 2 } };
  const { decision } = await resolveBranch(request, { runs, images: registry, lastGood, pins, gate });
  expect(decision).toMatchObject({ freshness: 'fresh', set: { images: { back: { digest: digest('b5') } } } });
});

describe('a run of the target branch whose state CI cannot report', () => {
  beforeEach(() => {
    const known = runs;
    runs = {
      ...known,
      read: async (subject) => {
        const read = await known.read(subject);
        return subject.branch === 'main' && read.kind === 'known'
          ? { ...read, unresolved: known.unresolved }
          : { ...read, unresolved: undefined };
      },
    };
    known.unresolved = { failure: OUTAGE, position: 5001 };
  });

  test('makes the answer stale if it may have pushed a newer image', async () => {
    expect(await decide()).toMatchObject({
      freshness: 'stale',
      because: expect.stringContaining('a newer build may be there on main') as string,
      set: { images: { back: { digest: digest('b5') } } },
    });
  });

  test('changes nothing for an image of the branch itself', async () => {
    push('7', 'back');
    expect(await decide()).toMatchObject({ freshness: 'fresh' });
  });

  test('changes nothing if it is older than the build that has the image', async () => {
    runs.runs.push(onMain('6'));
    push('6', 'back');
    expect(await decide()).toMatchObject({ freshness: 'fresh' });
  });
});

describe('never backwards:', () => {
  test("a newer image of the target branch follows, an older one doesn't while the newer exists", async () => {
    runs.runs.push(onMain('6'));
    push('6', 'back');
    expect(await answer()).toBe('front f7, back b6 of main');
    runs.runs = [createRun({ id: '7' }), onMain('5')];
    expect(await answer()).toBe('front f7, back b6 of main');
    registry.tags.delete(tagOf('6', 'back'));
    expect(await answer()).toBe('front f7, back b5 of main');
  });

  test("the branch's own image replaces the target branch's, though it was built before", async () => {
    runs.runs = [createRun({ id: '7' }), onMain('9')];
    push('9', 'back');
    expect(await answer()).toBe('front f7, back b9 of main');
    push('7', 'back');
    expect(await answer()).toBe('front f7, back b7');
  });

  test("the target branch's image does not replace the branch's own, which CI has forgotten", async () => {
    runs.runs = [createRun({ id: '6' }), onMain('9')];
    push('6', 'front', 'back');
    push('9', 'back');
    expect(await answer()).toBe('front f6, back b6');
    runs.runs = [createRun({ id: '7' }), onMain('9')];
    expect(await answer()).toBe('front f6, back b6');
    registry.tags.delete(tagOf('6', 'back'));
    expect(await answer()).toBe('front f7, back b9 of main');
  });

  test('a pull request may change its target branch', async () => {
    runs.runs.push(createRun({ id: '3', branch: 'release' }));
    push('3', 'back');
    expect(await answer()).toBe('front f7, back b5 of main');
    expect(await answer({ ...REQUEST, targetBranch: 'release' })).toBe('front f7, back b3 of release');
  });
});

test('an image of one commit on both branches is known as the one that was found', async () => {
  runs.runs = [createRun({ id: '7' }), onMain('5')];
  await decide();
  runs.runs.push(createRun({ id: '6', commit: sha('5'), position: 5000 }));
  expect(await answer()).toBe('front f7, back b5');
});
