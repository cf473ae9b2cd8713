/** Pushes as runs: every field, and what the log says of itself. */
import { describe, expect, it } from 'vitest';
import { createPushProvider } from '../../../src/ci/push-provider.ts';
import type { PushLog, PushPage } from '../../../src/ci/push-log.ts';
import { sha } from '../../fixtures/builders.ts';

const PAGE: PushPage = {
  pushes: [{ branch: 'main', commit: sha('a1'), position: 1000, tie: '@1' }],
  validator: '"1"',
  clock: 2000,
};

function connect(log: Partial<PushLog> = {}) {
  const all: PushLog = {
    host: 'git.test',
    fetchPushes: () => Promise.resolve(PAGE),
    fetchBranchPushes: () => Promise.resolve({ ...PAGE, next: '2' }),
    ...log,
  };
  return createPushProvider(all, { repositoryKey: (name) => name.toLowerCase(), generation: () => 7 });
}

describe('a push', () => {
  it('is a run with all of these fields', async () => {
    const page = await connect().fetchRuns('acme/shop');
    expect(page).toEqual({
      runs: [
        {
          id: `${sha('a1')}@1000@%401@main`,
          number: sha('a1').slice(0, 12),
          attempt: 1,
          workflow: null,
          workflowId: null,
          branch: 'main',
          pullRequest: null,
          refKind: 'branch',
          commit: sha('a1'),
          builtCommit: sha('a1'),
          event: 'push',
          state: 'success',
          outcome: 'pushed',
          headRepositoryId: null,
          origin: 'own',
          mayPush: true,
          url: '',
          position: 1000,
          tie: '@1',
          createdAt: 1000,
          startedAt: 1000,
          updatedAt: 1000,
          committedAt: null,
        },
      ],
      next: undefined,
      validator: '"1"',
      clock: 2000,
      short: true,
    });
  });

  it('is the same run by its id, whatever its branch and its tie are called', async () => {
    const pushes = [{ branch: 'we/ird@2@x\ny', commit: sha('a1'), position: -5, tie: 'a@b' }];
    const provider = connect({ fetchPushes: () => Promise.resolve({ pushes }) });
    const page = await provider.fetchRuns('acme/shop');
    const [run] = page === 'unchanged' ? [] : page.runs;
    expect(await provider.fetchRun('acme/shop', run?.id ?? '')).toEqual(run);
  });

  it.each(['12345', `x${sha('a1')}@1000@1@main`, `${sha('a1')}@1000@1@`, `${sha('a1')}@soon@1@main`])(
    'is not a run of another provider: %s',
    async (id) => {
      expect(await connect().fetchRun('acme/shop', id)).toBe('gone');
    },
  );
});

describe('a page', () => {
  it('that has not changed stays so, and the validator reaches the host', async () => {
    const seen: (string | undefined)[] = [];
    const provider = connect({
      fetchPushes: (_repository, _cursor, validator) => {
        seen.push(validator);
        return Promise.resolve('unchanged');
      },
    });
    expect(await provider.fetchRuns('acme/shop', undefined, '"1"')).toBe('unchanged');
    expect(seen).toEqual(['"1"']);
  });

  it('with a next one does not end the list', async () => {
    const provider = connect({ fetchPushes: () => Promise.resolve({ ...PAGE, next: '2' }) });
    expect(await provider.fetchRuns('acme/shop')).toMatchObject({ next: '2', short: false });
  });

  it("of a branch proves what it shows: its end is the branch's first push", async () => {
    const page = await connect().fetchBranchRuns('acme/shop', 'main');
    expect(page).toMatchObject({ next: '2' });
    expect(page.short).toBeUndefined();
  });
});

describe('the provider', () => {
  it('has the keys and the credentials of its connection', () => {
    const { repositoryKey, generation, paging } = connect();
    expect(repositoryKey('Acme/Shop')).toBe('acme/shop');
    expect([generation?.(), paging]).toEqual([7, 'keyset']);
  });

  it.each([
    [undefined, 'all'],
    ['pushes', 'all'],
    ['heads', 'newest of each branch'],
  ] as const)('of a log that lists %s lists %s', (lists, expected) => {
    expect(connect({ lists }).lists).toBe(expected);
  });

  it('probes by one call, and says what the token may', async () => {
    expect(await connect().probe('acme/shop')).toBe('may read the pushes of acme/shop');
  });
});
