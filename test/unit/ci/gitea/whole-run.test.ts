/** Every field of a run, and cursors and refs that came from elsewhere. */
import { describe, expect, it } from 'vitest';
import { FORGEJO, GITEA } from '../../../../src/ci/gitea/dialect.ts';
import { salvageGiteaRun } from '../../../../src/ci/gitea/gitea-run.ts';
import { salvageForgejoRun } from '../../../../src/ci/gitea/forgejo-run.ts';
import { nextCursor, parseCursor } from '../../../../src/ci/gitea/requests.ts';
import { parseRef } from '../../../../src/ci/gitea/run.ts';
import { forgejoRunJson, giteaRunJson, type FakeGiteaRun } from '../../../fixtures/gitea/records.ts';

const HOST = 'forge.example.com';
const ROOT = `https://${HOST}`;
const COMMIT = 'a'.repeat(40);
const NOW = Date.parse('2026-01-02T00:00:00Z');

const RUN: FakeGiteaRun = {
  id: 5,
  ref: 'refs/heads/main',
  event: 'push',
  commit: COMMIT,
  state: 'success',
  created: NOW - 120_000,
  started: NOW - 60_000,
  stopped: NOW - 30_000,
  updated: NOW - 20_000,
  attempt: 1,
  workflow: 'build.yml',
  head: 'own',
};

const EXPECTED = {
  id: '5',
  number: '5',
  attempt: expect.any(Number),
  workflow: 'build.yml',
  workflowId: 'build.yml',
  branch: 'main',
  pullRequest: null,
  refKind: 'branch',
  commit: COMMIT,
  builtCommit: COMMIT,
  event: 'push',
  state: 'success',
  outcome: 'success',
  headRepositoryId: '1',
  origin: 'own',
  mayPush: true,
  url: `${ROOT}/acme/shop/actions/runs/5`,
  position: 5,
  tie: '00000000000000000005',
  createdAt: null,
  startedAt: NOW - 60_000,
  updatedAt: NOW - 30_000,
  committedAt: null,
};

const parseGitea = (run: Partial<FakeGiteaRun> = {}) =>
  GITEA.parseRun(giteaRunJson({ ...RUN, ...run }, ROOT, true), HOST, NOW);
const parseForgejo = (run: Partial<FakeGiteaRun> = {}) =>
  FORGEJO.parseRun(forgejoRunJson({ ...RUN, ...run }, ROOT), HOST, NOW);

describe('a push', () => {
  it('to Gitea is a run with all of these fields', () => {
    expect(parseGitea()).toEqual({ ...EXPECTED, attempt: 1 });
  });

  it('to Forgejo is one, which also has the time of its creation', () => {
    expect(parseForgejo()).toEqual({ ...EXPECTED, createdAt: NOW - 120_000 });
  });
});

describe("a pull request's run", () => {
  const ref = 'refs/pull/7/head';

  it('on Gitea does not say whose it is', () => {
    expect(parseGitea({ ref, event: 'pull_request' })).toMatchObject({
      branch: null,
      pullRequest: '7',
      refKind: 'pull_request',
      origin: 'unknown',
      headRepositoryId: null,
    });
  });

  it('on Forgejo says that it is from a fork, and from which', () => {
    expect(parseForgejo({ ref, event: 'pull_request', head: 'fork' })).toMatchObject({
      pullRequest: '7',
      origin: 'foreign',
      mayPush: false,
      headRepositoryId: '2',
    });
    expect(parseForgejo({ ref, event: 'pull_request' })).toMatchObject({ origin: 'unknown', mayPush: true });
  });
});

describe('an odd run', () => {
  it('keeps its place, its commit and, on Gitea, its branch', () => {
    const place = { id: '5', position: 5, tie: '00000000000000000005', commit: COMMIT, createdAt: null };
    const ofGitea = { ...giteaRunJson(RUN, ROOT, true), event: 7 };
    expect(salvageGiteaRun(ofGitea)).toEqual({ ...place, branch: 'main' });
    const ofForgejo = { ...forgejoRunJson(RUN, ROOT), trigger_event: 7 };
    expect(salvageForgejoRun(ofForgejo)).toEqual({ ...place, branch: null });
  });

  it('has none of them if nothing can be read', () => {
    const nothing = { id: null, position: null, tie: null, commit: null, createdAt: null, branch: null };
    expect([salvageGiteaRun(null), salvageForgejoRun('x')]).toEqual([nothing, nothing]);
  });

  it('of a pull request is of no branch', () => {
    const element = { ...giteaRunJson({ ...RUN, ref: 'refs/pull/7/head' }, ROOT, true), event: 7 };
    expect(salvageGiteaRun(element)).toMatchObject({ branch: '' });
  });
});

describe('a ref', () => {
  it.each([
    ['refs/heads/a/b', { branch: 'a/b', pullRequest: null, refKind: 'branch' }],
    ['refs/tags/v1', { branch: 'v1', pullRequest: null, refKind: 'tag' }],
    ['refs/pull/7/head', { branch: null, pullRequest: '7', refKind: 'pull_request' }],
    ['refs/pull/7/merge', { branch: null, pullRequest: '7', refKind: 'pull_request' }],
    ['refs/pull/7/head/x', { branch: null, pullRequest: null, refKind: 'pull_request' }],
    ['refs/pull/07/head', { branch: null, pullRequest: null, refKind: 'pull_request' }],
    ['x/refs/heads/main', { branch: null, pullRequest: null, refKind: 'unknown' }],
    ['main', { branch: null, pullRequest: null, refKind: 'unknown' }],
  ])('%s', (ref, expected) => {
    expect(parseRef(ref)).toEqual(expected);
  });
});

describe('a cursor', () => {
  it('is a page, and the length of the first one', () => {
    expect(parseCursor(undefined)).toEqual({ page: 1, size: undefined });
    expect(parseCursor('3:30')).toEqual({ page: 3, size: 30 });
  });

  it.each(['3:', '3:30:1', `${COMMIT}@1`, 'x3', '3x'])('of another provider is refused: %s', (cursor) => {
    expect(() => parseCursor(cursor)).toThrow('expected a cursor that this provider returned');
  });
});

describe('the next page', () => {
  const linked = `<${ROOT}/x?page=3>; rel="next"`;
  it.each([
    // A server that clips pages to 30.
    ['follows by the total', { page: 1 }, 30, 61, undefined, '2:30'],
    ['follows until the total is reached', { page: 2, size: 30 }, 30, 61, undefined, '3:30'],
    ['is none at the total', { page: 3, size: 30 }, 1, 61, undefined, undefined],
    ['follows while nothing says otherwise', { page: 3 }, 1, undefined, undefined, '4'],
    ['is none after an empty one', { page: 3 }, 0, undefined, undefined, undefined],
    ['is none after an empty one at the total', { page: 3, size: 30 }, 0, 60, undefined, undefined],
    ['follows a link', { page: 2, size: 30 }, 30, 60, linked, '3:30'],
    ['is none without a link to it', { page: 2, size: 30 }, 30, 999, `<${ROOT}>; rel="prev"`, undefined],
  ])('%s', (_name, address, length, total, link, expected) => {
    expect(nextCursor(address, { length, total, link }, HOST)).toBe(expected);
  });

  it.each([
    [0, 999, undefined],
    [0, undefined, linked],
  ])('is no page if %i of %s are shown (link: %s)', (length, total, link) => {
    const call = () => nextCursor({ page: 3, size: 30 }, { length, total, link }, HOST);
    expect(call).toThrow('half a page of a list');
  });
});
