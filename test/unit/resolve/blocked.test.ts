/** Runs that wait for a person: a manual step, an approval. */
import { describe, expect, test } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import { findRivals } from '../../../src/resolve/rival-runs.ts';
import { resolveBranch } from '../../../src/resolve/resolve-branch.ts';
import { selectBuilds } from '../../../src/resolve/select-builds.ts';
import type { Project, Run } from '../../../src/resolve/types.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import {
  createImageRule,
  createProject,
  createRequest,
  createRun,
  digest,
  sha,
} from '../../fixtures/builders.ts';
import { createFakeRegistry, createFakeRunSource } from '../../fixtures/fake-ports.ts';

const BLOCKED = { state: 'blocked', outcome: 'manual' } as const;
const SUCCESS = createProject({ blocked: 'success' });

function evaluate(runs: readonly Run[], project: Project = createProject()) {
  return selectBuilds(runs, createRequest({ project }), { kind: 'own' }).builds;
}

describe('a build with a blocked run', () => {
  test("is not green by default, and says so in the provider's word", () => {
    expect(evaluate([createRun({ id: '7', ...BLOCKED })])).toMatchObject([
      { status: 'blocked', reason: 'build.yml manual (push)' },
    ]);
  });

  test('is green with blocked: success', () => {
    expect(evaluate([createRun({ id: '7', ...BLOCKED })], SUCCESS)).toMatchObject([
      { status: 'green', reason: 'build.yml manual (push)' },
    ]);
  });

  test.each(['unsuccessful', 'running'] as const)('is %s if another run is', (state) => {
    const runs = [
      createRun({ id: '7', commit: sha('a'), ...BLOCKED }),
      createRun({ id: '8', commit: sha('a'), event: 'pull_request', state }),
    ];
    for (const project of [createProject(), SUCCESS]) {
      expect(evaluate(runs, project)).toMatchObject([{ status: state }]);
    }
  });

  test('leaves the older green build in place', async () => {
    const runs = createFakeRunSource([createRun({ id: '7', ...BLOCKED }), createRun({ id: '6' })]);
    const images = createFakeRegistry();
    for (const id of ['6', '7']) images.tags.set(`registry.test/shop/front:sha-${id}000000`, digest(id));
    const project = createProject({ images: [createImageRule('front')] });
    const ports = { runs, images, lastGood: createMemoryStore(), pins: createPinMemory() };
    expect(await resolveBranch(createRequest({ project }), ports)).toMatchObject({
      decision: { set: { build: { id: '6' } } },
    });
    const counted = createRequest({ project: { ...project, blocked: 'success' } });
    expect(await resolveBranch(counted, ports)).toMatchObject({ decision: { set: { build: { id: '7' } } } });
  });
});

describe("a blocked run of an older commit, for a newer build's tag that can move,", () => {
  const rule = createImageRule('front', { text: 'registry.test/shop/front:{branch}' });
  const older = createRun({ id: '6', ...BLOCKED });
  const newer = createRun({ id: '7' });

  function rivalsOf(project: Project): Run[] {
    const [build] = evaluate([newer], project);
    if (build === undefined) throw new Error('expected a build');
    const source = createFakeRunSource([older, newer]);
    return findRivals(rule, 'registry.test/shop/front:feature', build, createRequest({ project }), source);
  }

  test('is a rival: it may push once somebody releases it', () => {
    expect(rivalsOf(createProject())).toEqual([older]);
  });

  test('is none with blocked: success, since it has pushed its images', () => {
    expect(rivalsOf(SUCCESS)).toEqual([]);
  });
});
