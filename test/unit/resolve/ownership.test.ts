/** Whose an image is, by its revision and by what was proven before. */
import { describe, expect, it } from 'vitest';
import {
  evaluateBuild,
  groupWorkflowIds,
  recreateGreenBuild,
  type EvaluatedBuild,
} from '../../../src/resolve/evaluate-build.ts';
import { evaluateRevisions } from '../../../src/resolve/evaluate-revision.ts';
import { findOwnershipProblem, selectUnconfirmed } from '../../../src/resolve/image-ownership.ts';
import type { PinnedImage, Run } from '../../../src/resolve/types.ts';
import {
  createBuild,
  createImageRule,
  createPinnedImage,
  createProject,
  createRequest,
  createRun,
  digest,
  sha,
} from '../../fixtures/builders.ts';
import { createFakeRegistry, createFakeRunSource } from '../../fixtures/fake-ports.ts';

const HEAD = sha('4ead4ead');
const MERGED = sha('3e49ed3e');

function evaluate(...runs: readonly Run[]): EvaluatedBuild {
  return evaluateBuild(runs, groupWorkflowIds(runs), createRequest());
}

const MERGE_RUN = createRun({ id: '10', commit: HEAD, builtCommit: MERGED });
const OTHER_RUN = createRun({ id: '9', commit: sha('a1a1a1a1') });

describe('a revision', () => {
  const evaluated = evaluate(MERGE_RUN);
  const known = createFakeRunSource([MERGE_RUN, OTHER_RUN]);

  it.each([
    [MERGED, 'own'],
    [` ${MERGED.toUpperCase()}\n`, 'own'],
    [MERGED.slice(0, 7), 'own'],
    [MERGED.slice(0, 6), 'unproven'],
    [`${MERGED}-dirty`, 'unproven'],
    // CI may have built the head with another target.
    [HEAD, 'unproven'],
    [HEAD.slice(0, 7), 'unproven'],
    [OTHER_RUN.commit, 'other'],
    [OTHER_RUN.commit.slice(0, 7), 'other'],
    [sha('b2b2b2b2'), 'other'],
    ['b2b2b2b2-dirty', 'other'],
    ['20260101-nightly', 'unproven'],
    ['20260101', 'other'],
    ['v1.2.3', 'unproven'],
    ['', 'unproven'],
  ])('%j is %s', (revision, ownership) => {
    expect(evaluateRevisions([revision], evaluated, known)).toBe(ownership);
  });

  it('of an unknown commit proves nothing where CI does not say what it checked out', () => {
    const { builtCommit: _, ...rest } = MERGE_RUN;
    const unknown = evaluate({ ...rest, builtCommit: null });
    expect(evaluateRevisions([sha('b2b2b2b2')], unknown, known)).toBe('unproven');
  });

  it('that is the beginning of two commits proves nothing', () => {
    const twin = createRun({ id: '8', commit: `${MERGED.slice(0, 8)}${'f'.repeat(32)}` });
    const twins = createFakeRunSource([MERGE_RUN, twin]);
    expect(evaluateRevisions([MERGED.slice(0, 8)], evaluated, twins)).toBe('unproven');
    expect(evaluateRevisions([MERGED], evaluated, twins)).toBe('own');
  });

  it("that is the build's outweighs one inherited from a base image", () => {
    expect(evaluateRevisions([sha('b2b2b2b2'), MERGED], evaluated, known)).toBe('own');
    expect(evaluateRevisions(['v1', sha('b2b2b2b2')], evaluated, known)).toBe('other');
    expect(evaluateRevisions([], evaluated, known)).toBe('unproven');
  });

  it('of another commit does not disprove an image that was handed out before', () => {
    const recreated = recreateGreenBuild(createBuild({ id: '7' }));
    expect(recreated).toMatchObject({ status: 'green', repeated: true, startedAt: 0, runs: [] });
    expect(evaluateRevisions([sha('b2b2b2b2')], recreated, createFakeRunSource())).toBe('unproven');
  });
});

describe('an image under a tag that another run may have pushed', () => {
  const rule = createImageRule('front', { text: 'registry.test/shop/front:{branch}' });
  const evaluated = evaluate(createRun({ id: '7' }));
  const rival = createRun({ id: '8' });
  const image = createPinnedImage(rule, evaluated.build, { digest: digest('f7'), runs: '7:1' });

  function find(pin: PinnedImage | undefined, change: Partial<typeof rule> = {}) {
    const images = createFakeRegistry();
    const candidate = {
      image,
      askedAt: 100_000,
      reference: 'registry.test/shop/front:feature',
      rule: { ...rule, ...change },
      evaluated,
      request: createRequest({ project: createProject({ images: [rule] }) }),
      context: {
        images,
        runs: createFakeRunSource([rival, createRun({ id: '7' })]),
        standing: () => ({ confirmedAt: 0, pushedBy: 0 }),
        listedAt: 0,
        pinBefore: () => pin,
      },
    };
    return { images, problem: findOwnershipProblem(candidate), unconfirmed: selectUnconfirmed(candidate) };
  }

  it("is not the build's, and CI must confirm what it said", async () => {
    const { problem, unconfirmed } = find(undefined);
    expect(await problem).toMatchObject({ kind: 'absent', reason: expect.stringContaining('a newer run') });
    expect(unconfirmed).toMatchObject({ runs: [{ id: '7' }], since: 100_000 });
  });

  it("is the build's if that was proven before, at no call", async () => {
    const { images, problem, unconfirmed } = find(image);
    expect([await problem, unconfirmed, images.asked]).toEqual([undefined, undefined, []]);
  });

  it('is not, if another image was proven before', async () => {
    expect(await find({ ...image, digest: digest('f6') }).problem).toMatchObject({ kind: 'absent' });
  });

  it('is not by what was proven before where a revision is required', async () => {
    const { images, problem } = find(image, { revision: 'require' });
    expect(await problem).toMatchObject({ kind: 'absent', reason: expect.stringContaining('no revision') });
    expect(images.asked).toHaveLength(1);
  });

  it("is the build's with revision: ignore", async () => {
    expect(await find(undefined, { revision: 'ignore' }).problem).toBeUndefined();
  });
});
