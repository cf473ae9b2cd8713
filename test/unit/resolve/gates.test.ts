/** Builds whose commit must have successful statuses as well. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
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
import { createFakeGate, type FakeGate } from '../../fixtures/fake-gate.ts';
import {
  createFakeRegistry,
  createFakeRunSource,
  OUTAGE,
  type FakeRegistry,
  type FakeRunSource,
} from '../../fixtures/fake-ports.ts';

const PENDING = { status: 'running', reason: 'scan pending' } as const;
const NONE = { status: 'incomplete', reason: 'no status scan' } as const;
const RED = { status: 'unsuccessful', reason: 'scan failure' } as const;

let runs: FakeRunSource;
let registry: FakeRegistry;
let gate: FakeGate;
let lastGood: ReturnType<typeof createMemoryStore>;
let pins: ReturnType<typeof createPinMemory>;

beforeEach(() => {
  runs = createFakeRunSource();
  registry = createFakeRegistry();
  gate = createFakeGate();
  lastGood = createMemoryStore();
  pins = createPinMemory();
});

/** Green runs from `ids`, newest first, whose images are all there. */
function build(...ids: string[]): void {
  runs.runs = ids.map((id) => createRun({ id }));
  for (const id of ids) {
    for (const name of ['front', 'back']) {
      registry.tags.set(`registry.test/shop/${name}:sha-${sha(id).slice(0, 7)}`, digest(`${name[0]}${id}`));
    }
  }
}

function remove(name: string, id: string): void {
  registry.tags.delete(`registry.test/shop/${name}:sha-${sha(id).slice(0, 7)}`);
}

const PROJECT = createProject({ statuses: ['scan'] });

function resolve(request: BranchRequest = createRequest({ project: PROJECT })): Promise<Resolution> {
  return resolveBranch(request, { runs, gate, images: registry, lastGood, pins });
}

async function answer(request?: BranchRequest): Promise<string> {
  const { decision } = await resolve(request);
  if (decision.kind === 'answered') return `${decision.set.build.id} ${decision.freshness}`;
  return decision.kind === 'failed' ? decision.code : decision.kind;
}

describe('a gate', () => {
  test('that passes lets the newest green build through, and no other commit is asked for', async () => {
    build('7', '6', '5');
    expect(await answer()).toBe('7 fresh');
    expect(gate.asked).toEqual([sha('7')]);
  });

  test.each([PENDING, NONE, RED])(
    'that is closed ($reason) holds a build back: the older one',
    async (why) => {
      build('7', '6');
      gate.closed.set(sha('7'), why);
      const { decision, builds } = await resolve();
      expect(decision).toMatchObject({ kind: 'answered', set: { build: { id: '6' } }, freshness: 'fresh' });
      expect(builds).toMatchObject([
        { status: why.status, reason: `build.yml success (push); ${why.reason}` },
        { status: 'green', reason: 'build.yml success (push); scan success' },
      ]);
      expect(builds[1]?.statuses).toEqual([{ context: 'scan', outcome: 'success', url: '' }]);
    },
  );

  test('is not asked about a build that is not green, nor are the images of a closed one read', async () => {
    build('7', '6');
    runs.runs = [createRun({ id: '8', state: 'unsuccessful' }), ...runs.runs];
    gate.closed.set(sha('7'), PENDING);
    await answer();
    expect(gate.asked).toEqual([sha('7'), sha('6')]);
    expect(registry.asked.every((reference) => reference.includes(sha('6').slice(0, 7)))).toBe(true);
  });

  test('that no build passes: nothing', async () => {
    build('7', '6');
    for (const id of ['7', '6']) gate.closed.set(sha(id), NONE);
    expect(await answer()).toBe('nothing');
  });

  test('that cannot be read is a failure, never nothing, and never an older build', async () => {
    build('7', '6');
    gate.failure = OUTAGE;
    expect(await answer()).toBe('upstream_failed');
    gate.failure = undefined;
    expect(await answer()).toBe('7 fresh');
    runs.runs = [createRun({ id: '8' }), ...runs.runs];
    gate.failure = OUTAGE;
    expect(await answer()).toBe('7 stale');
  });

  test('that closes later takes nothing back that was handed out', async () => {
    build('7', '6');
    expect(await answer()).toBe('7 fresh');
    gate.closed.set(sha('7'), RED);
    expect(await answer()).toBe('7 fresh');
  });

  test('counts towards lookback only where it is open', async () => {
    build('9', '8', '7', '6');
    gate.closed.set(sha('9'), PENDING);
    gate.closed.set(sha('8'), NONE);
    remove('front', '7');
    const project = createProject({ statuses: ['scan'], lookback: 2 });
    expect(await answer(createRequest({ project }))).toBe('6 fresh');
  });

  test('holds back the earlier build that an image would come from', async () => {
    build('9', '8', '7');
    gate.closed.set(sha('8'), RED);
    remove('back', '9');
    const images = [createImageRule('front'), createImageRule('back', { onMissing: 'previous' })];
    const project = createProject({ statuses: ['scan'], images });
    const { decision } = await resolve(createRequest({ project }));
    expect(decision).toMatchObject({
      set: { build: { id: '9' }, images: { back: { commit: sha('7') } } },
    });
  });

  test('is read for a bounded number of commits in each request, which then go on where it stopped', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => String(1040 - i));
    build(...ids);
    for (const id of ids.slice(0, 30)) gate.closed.set(sha(id), NONE);
    expect(await answer()).toBe('upstream_failed');
    expect(gate.asked).toHaveLength(25);
    expect(await answer()).toBe(`${ids[30]} fresh`);
  });
});

describe('an image', () => {
  test('is read anew once the gate passes, since it may have been pushed until then', async () => {
    build('7');
    const readDigest = vi.spyOn(registry, 'readDigest');
    gate.passedAt = 50_000;
    await answer();
    expect(readDigest.mock.calls.map(([, options]) => options.notBefore)).toEqual([50_000, 50_000]);
  });

  test('that is much newer than the statuses counts once these are read again', async () => {
    build('7');
    gate.askedAt = 1000;
    registry.asOf = 100_000;
    runs.asOf = 100_000;
    expect(await answer()).toBe('7 fresh');
    expect(gate.asked).toEqual([sha('7'), `${sha('7')} since 40000`, sha('7')]);
  });

  test('is not handed out if the gate has closed meanwhile', async () => {
    build('7', '6');
    registry.asOf = 100_000;
    runs.asOf = 100_000;
    gate.onReadAgain = () => void gate.closed.set(sha('7'), PENDING);
    expect(await answer()).toBe('6 fresh');
  });
});

function pushed(id: string): Run {
  return createRun({ id, workflow: null, workflowId: null, outcome: 'pushed', committedAt: null });
}

describe('builds: statuses', () => {
  const project = createProject({ builds: 'statuses', statuses: ['scan'], workflows: [], events: ['push'] });
  test('a push whose statuses are green is a build, whatever of the branch has been read', async () => {
    build('7', '6');
    runs.runs = [pushed('7'), pushed('6')];
    runs.coverage = { kind: 'since', position: 1, createdAt: 1 };
    gate.closed.set(sha('7'), PENDING);
    const { decision, builds } = await resolve(createRequest({ project }));
    expect(decision).toMatchObject({ set: { build: { id: '6', ci: 'github (pushes)' } } });
    expect(builds[0]?.reason).toBe('pushed (push); scan pending');
  });

  test('an answer of runs is not one of pushes, since their positions do not compare', async () => {
    build('7');
    expect(await answer()).toBe('7 fresh');
    runs.runs = [];
    expect(await answer(createRequest({ project }))).toBe('nothing');
  });

  test('a push is never confirmed by CI', async () => {
    build('7');
    runs.runs = [pushed('7')];
    registry.asOf = 100_000;
    gate.askedAt = 100_000;
    await answer(createRequest({ project }));
    expect(runs.asked).toEqual(['branch feature']);
  });

  test('a branch that was never pushed has no build, and that is said in the words of a Git host', async () => {
    const { decision } = await resolve(createRequest({ project }));
    expect(decision).toMatchObject({
      kind: 'nothing',
      because: expect.stringContaining('the Git host knows no branch'),
    });
  });
});
