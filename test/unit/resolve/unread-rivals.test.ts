/** Runs that cannot be read, next to builds whose tag they may have pushed. */
import { describe, expect, it, vi } from 'vitest';
import { evaluateBuild, groupWorkflowIds } from '../../../src/resolve/evaluate-build.ts';
import { shortName } from '../../../src/resolve/named-workflows.ts';
import type { UnreadRun } from '../../../src/resolve/ports.ts';
import { findRivals, hasUnreadRival } from '../../../src/resolve/rival-runs.ts';
import { createImageRule, createRequest, createRun, sha } from '../../fixtures/builders.ts';
import { createFakeRunSource } from '../../fixtures/fake-ports.ts';

const RUN = createRun({ id: '7', commit: sha('a1a1a1a'), startedAt: 7000 });
const EVALUATED = evaluateBuild([RUN], groupWorkflowIds([RUN]), createRequest());

function isRival(text: string, given: Partial<UnreadRun>): boolean {
  const source = createFakeRunSource([RUN]);
  source.unread = [
    {
      id: '9',
      branch: 'feature',
      commit: sha('b2b2b2b'),
      position: 9000,
      tie: '',
      createdAt: 9000,
      problem: 'x',
      ...given,
    },
  ];
  return hasUnreadRival(
    createImageRule('front', { text: `registry.test/front:${text}` }).template,
    EVALUATED,
    source,
  );
}

describe('a run that cannot be read', () => {
  it.each([
    // It may have pushed the branch's tag if it did not end before the build began.
    ['{branch}', { createdAt: 7000 }, true],
    ['{branch}', { createdAt: 6999 }, false],
    ['{branch}', { createdAt: null }, true],
    ['{branch}', { branch: null }, true],
    ['{branch}', { branch: 'other' }, false],
    // Sanitized, both branches have the same tag.
    ['{ref_slug}', { branch: 'Feature' }, true],
    ['{branch}', { commit: sha('a1a1a1a') }, false],
    // A build's own number or whole commit is in no other run's tag.
    ['{build_id}', {}, false],
    ['{commit}', { commit: sha('a1a1a1a') }, false],
    ['{commit}', {}, false],
    ['{commit:7}', {}, false],
    ['{commit:7}', { commit: null }, false],
    ['{commit:7}', { commit: sha('a1a1a1afff') }, true],
    ['pr-{pull_request}', { branch: 'other' }, false],
    ['pr-{pull_request}', { branch: null }, true],
  ])('next to a tag of %s: %o', (text, given, rival) => {
    expect(isRival(text, given)).toBe(rival);
  });
});

describe('seven digits of a commit', () => {
  it('are looked up, and no branch is searched for them', () => {
    const rule = createImageRule('front');
    const source = createFakeRunSource([RUN, createRun({ id: '8', commit: sha('a1a1a1afff') })]);
    const peekRuns = vi.spyOn(source, 'peekRuns');
    const reference = 'registry.test/shop/front:sha-a1a1a1a';
    expect(findRivals(rule, reference, EVALUATED, createRequest(), source)).toMatchObject([{ id: '8' }]);
    expect(peekRuns).not.toHaveBeenCalled();
  });
});

describe('the short name of a workflow', () => {
  it.each([
    ['.github/workflows/build.yml', 'build.yml'],
    ['acme/build.YAML', 'build.YAML'],
    ['acme/shop', 'acme/shop'],
    ['acme/build.yml/nightly', 'acme/build.yml/nightly'],
  ])('%s is %s', (name, short) => {
    expect(shortName(name)).toBe(short);
  });
});

describe('a run of the same tag', () => {
  const rule = createImageRule('front', { text: 'registry.test/front:{branch}' });

  it.each([
    // It may have pushed last if it did not end before the build.
    [RUN.updatedAt - 1, []],
    [RUN.updatedAt, ['6']],
    [RUN.updatedAt + 1, ['6']],
  ])('that began before the build and ended at %i', (updatedAt, rivals) => {
    const source = createFakeRunSource([RUN, createRun({ id: '6', updatedAt })]);
    const found = findRivals(rule, 'registry.test/front:feature', EVALUATED, createRequest(), source);
    expect(found.map(({ id }) => id)).toEqual(rivals);
  });
});
