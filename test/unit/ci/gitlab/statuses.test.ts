import { expect, it } from 'vitest';
import { failureOf } from '../../../contract/ci/upstream.ts';
import { sha } from '../../../fixtures/builders.ts';
import type { FakeGitLab } from '../../../fixtures/gitlab/fake-gitlab.ts';
import { connect, REPOSITORY, serve, takeRequests } from '../../../fixtures/gitlab/connect.ts';

const COMMIT = sha('c0ffee');

function setStatuses(
  gitlab: FakeGitLab,
  all: readonly (readonly [id: number, name: string, status: string])[],
) {
  for (const [id, name, status] of all) {
    const target_url = `https://scan.example.com/${id}`;
    gitlab.project(REPOSITORY).statuses.push({ id, sha: COMMIT, name, status, target_url });
  }
}

async function fetchStatuses(gitlab: FakeGitLab) {
  const page = await connect(gitlab.url).statuses.fetchStatuses(REPOSITORY, COMMIT);
  if (page === 'unchanged') throw new Error('unchanged, although no validator was given');
  return page.statuses;
}

it('count by the highest id of a name, whatever their order and pipeline', async () => {
  const gitlab = await serve();
  setStatuses(gitlab, [
    [5, 'security/scan', 'failed'],
    [3, 'security/scan', 'success'],
    [4, 'lint', 'success'],
  ]);
  expect(await fetchStatuses(gitlab)).toEqual([
    { context: 'security/scan', state: 'unsuccessful', outcome: 'failed', url: 'https://scan.example.com/5' },
    { context: 'lint', state: 'success', outcome: 'success', url: 'https://scan.example.com/4' },
  ]);
});

it.each([
  ['skipped', 'unsuccessful'],
  ['canceled', 'unsuccessful'],
  ['manual', 'pending'],
  ['created', 'pending'],
  ['scheduled', 'pending'],
  ['a later word', 'unsuccessful'],
])('%s is %s', async (status, state) => {
  const gitlab = await serve();
  setStatuses(gitlab, [[1, 'scan', status]]);
  expect(await fetchStatuses(gitlab)).toMatchObject([{ state, outcome: status }]);
});

it('are read from all pages', async () => {
  const gitlab = await serve();
  setStatuses(
    gitlab,
    Array.from({ length: 101 }, (_, index) => [index + 1, `job ${index}`, 'success'] as const),
  );
  expect(await fetchStatuses(gitlab)).toHaveLength(101);
  expect(takeRequests(gitlab)).toHaveLength(2);
});

it('are a failure, not a guess, if there are too many', async () => {
  const gitlab = await serve();
  setStatuses(
    gitlab,
    Array.from({ length: 2001 }, (_, index) => [index + 1, `job ${index}`, 'success'] as const),
  );
  expect(await failureOf(fetchStatuses(gitlab))).toMatchObject({ kind: 'malformed' });
});
