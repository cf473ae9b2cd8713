/** Every field of a run, and cursors that came from elsewhere. */
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { circleci } from '../../../../src/ci/circleci/kind.ts';
import { parseCursor } from '../../../../src/ci/circleci/search.ts';
import { createRun, createVcs, NOW, PROJECT_ID, SLUG, TOKEN } from '../../../fixtures/circleci/runs.ts';
import {
  createCircleciServer,
  type CircleciServer,
  type FakeRun,
} from '../../../fixtures/circleci/server.ts';
import { connectKind } from '../../../fixtures/connect-kind.ts';

let server: CircleciServer;

beforeEach(async () => {
  server = await createCircleciServer(TOKEN, { now: () => NOW });
  onTestFinished(async () => {
    await server.close();
    server.verify();
  });
});

async function listOne(run: FakeRun) {
  server.projects.set(SLUG, { id: PROJECT_ID, runs: [run], checkouts: [] });
  const ports = connectKind('circleci', circleci, { url: server.url, token: TOKEN, now: () => NOW });
  const page = await ports.provider.fetchRuns(SLUG);
  return page === 'unchanged' ? undefined : page;
}

describe('a run', () => {
  it('is one with all of these fields', async () => {
    const fake = createRun(7);
    const created = Date.parse(fake.created_at);
    const page = await listOne(fake);
    expect(page?.runs).toEqual([
      {
        id: fake.id,
        number: '7',
        attempt: 1,
        workflow: SLUG,
        workflowId: PROJECT_ID,
        branch: expect.any(String),
        pullRequest: null,
        refKind: 'branch',
        commit: '7'.padStart(40, '0'),
        builtCommit: '7'.padStart(40, '0'),
        event: 'push',
        state: 'success',
        outcome: 'succeeded',
        headRepositoryId: PROJECT_ID,
        origin: 'own',
        mayPush: true,
        url: expect.stringMatching(new RegExp(`/pipeline/${fake.id}$`)),
        position: created,
        tie: '',
        createdAt: created,
        startedAt: created,
        updatedAt: expect.any(Number),
        committedAt: null,
      },
    ]);
    expect(page?.runs[0]?.updatedAt).toBeGreaterThanOrEqual(created);
  });

  it.each(['my/pull/7', 'pull/7/x', 'pull/07', 'pull/'])(
    'of the branch %s of a fork is of no pull request',
    async (branch) => {
      const vcs = createVcs(7, { branch, origin_repository_url: 'https://github.com/mallory/shop' });
      const page = await listOne(createRun(7, { event: { type: 'push', vcs } }));
      expect(page?.runs).toMatchObject([{ branch, pullRequest: null, refKind: 'branch', origin: 'foreign' }]);
    },
  );
});

describe('a cursor', () => {
  it('keeps the end of the period for all pages', () => {
    expect(parseCursor('1767225600 1 a b\nc', NOW)).toEqual({
      to: 1_767_225_600,
      older: 1,
      cursor: 'a b\nc',
    });
  });

  it.each(['x1767225600 a', '1767225600', '1767225600 ', '1234567890123 a'])(
    'of another provider is refused: %j',
    (cursor) => {
      expect(() => parseCursor(cursor, NOW)).toThrow('expected a cursor that this provider returned');
    },
  );
});
