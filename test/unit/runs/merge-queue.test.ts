/** Builds of a merge queue: CI runs them on a branch of the queue's own, before their commit is the branch's. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import type { Decision } from '../../../src/resolve/decision.ts';
import { resolveBranch } from '../../../src/resolve/resolve-branch.ts';
import type { BranchRequest, Project, Run } from '../../../src/resolve/types.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { createImageRule, createProject, createRun, digest, sha } from '../../fixtures/builders.ts';
import { createFakeRegistry } from '../../fixtures/fake-ports.ts';
import { createFixture, runsFrom } from '../../fixtures/runs/harness.ts';

const PUSH = '.github/workflows/push.yml';
const PROJECT = createProject({
  events: ['merge_group'],
  images: [createImageRule('front')],
});

let ci = createFixture();
let registry = createFakeRegistry();

beforeEach(() => {
  ci = createFixture([]);
  registry = createFakeRegistry();
});

/** A run of an entry of main's queue. */
function queued(id: string, commit: string, given: Partial<Run> = {}): Run {
  const branch = `gh-readonly-queue/main/pr-${id}-aa`;
  return createRun({ id, commit: sha(commit), branch, queuedFor: 'main', event: 'merge_group', ...given });
}

/** A run of another workflow, which shows that the commit is main's. */
function pushed(id: string, commit: string, given: Partial<Run> = {}): Run {
  return createRun({ id, commit: sha(commit), branch: 'main', workflow: PUSH, ...given });
}

function push(commit: string): void {
  registry.tags.set(`registry.test/shop/front:sha-${sha(commit).slice(0, 7)}`, digest(commit));
}

async function decide(given: Partial<BranchRequest> = {}, of: Partial<Project> = {}): Promise<Decision> {
  const request = { project: { ...PROJECT, ...of }, branch: 'main', ...given };
  const ports = { runs: ci.index, images: registry, lastGood: createMemoryStore(), pins: createPinMemory() };
  return (await resolveBranch(request, ports)).decision;
}

describe('a green run of the merge queue', () => {
  beforeEach(() => push('c1'));

  test("counts for the branch once the branch's own run has built its commit", async () => {
    ci.add(pushed('2', 'c1'), queued('1', 'c1'));
    expect(await decide()).toMatchObject({
      kind: 'answered',
      freshness: 'fresh',
      set: { build: { id: '1', branch: 'main', commit: sha('c1') } },
    });
  });

  test('counts for the branch if the call names its commit as the head', async () => {
    ci.add(queued('1', 'c1'));
    expect(await decide({ headSha: sha('c1') })).toMatchObject({ set: { build: { id: '1' } } });
    expect(await decide({ headSha: sha('c1').slice(0, 12) })).toMatchObject({ set: { build: { id: '1' } } });
  });

  test('never counts if the queue has dropped it', async () => {
    ci.add(pushed('3', 'c2'), queued('2', 'c2', { state: 'unsuccessful' }), queued('1', 'c1'));
    expect((await decide()).kind).toBe('nothing');
    expect((await decide({ headSha: sha('c2') })).kind).toBe('nothing');
  });

  test('does not count for another branch with that commit, nor if its event is not configured', async () => {
    ci.add(pushed('2', 'c1', { branch: 'release' }), pushed('3', 'c1'), queued('1', 'c1'));
    expect((await decide({ branch: 'release' })).kind).toBe('nothing');
    expect((await decide({}, { events: ['pull_request'] })).kind).toBe('nothing');
  });

  test("does not count by a fork's run of its commit, or a tag's", async () => {
    ci.add(
      pushed('2', 'c1', { origin: 'foreign' }),
      pushed('3', 'c1', { refKind: 'tag' }),
      queued('1', 'c1'),
    );
    expect((await decide()).kind).toBe('nothing');
  });
});

test('a run that is still going in the queue is polled, and counts when it has ended', async () => {
  ci.add(...runsFrom(10, 30), pushed('9', 'c1'), queued('1', 'c1', { state: 'running' }));
  ci = createFixture(ci.runs, 10);
  push('c1');
  expect((await decide()).kind).toBe('nothing');
  ci.update('1', { state: 'success', outcome: 'success' });
  ci.now += 100_000;
  expect(await decide()).toMatchObject({ kind: 'answered', set: { build: { id: '1' } } });
  expect(ci.calls).toContain('run 1');
});

test("tags name the queue's branch, and the parameter set the branch", async () => {
  const images = [createImageRule('front', { text: 'registry.test/shop/front:{branch}-{commit:7}' })];
  registry.tags.set('registry.test/shop/front:gh-readonly-queue-main-pr-1-aa-c100000', digest('c1'));
  ci.add(pushed('2', 'c1'), queued('1', 'c1'));
  expect(await decide({}, { images })).toMatchObject({
    set: { build: { branch: 'main' }, images: { front: { digest: digest('c1') } } },
  });
});

describe('older runs of the queue than the listing shows', () => {
  beforeEach(() => {
    const old = [pushed('2', 'c1'), queued('1', 'c1')];
    ci = createFixture([queued('90', 'c9'), ...runsFrom(10, 40), ...old]);
  });

  test('make "no build" a failure: the queue may have built the commit', async () => {
    expect(await decide()).toMatchObject({ kind: 'failed', code: 'upstream_failed' });
  });

  test('matter only for a branch that has a queue, and for projects that count it', async () => {
    expect((await decide({ branch: 'branch-12' })).kind).toBe('nothing');
    expect((await decide({}, { events: ['pull_request'] })).kind).toBe('nothing');
  });

  test('leave a newer build of the branch fresh', async () => {
    ci.add(pushed('91', 'c9'));
    push('c9');
    expect(await decide()).toMatchObject({
      kind: 'answered',
      freshness: 'fresh',
      set: { build: { id: '90' } },
    });
  });
});
