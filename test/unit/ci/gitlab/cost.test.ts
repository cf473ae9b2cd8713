/** What GitLab is asked for many branches: at the start, while nothing changes, and for one new build. */
import { expect, it } from 'vitest';
import { sha } from '../../../fixtures/builders.ts';
import { createResolver, REPOSITORY, serve, takeRequests } from '../../../fixtures/gitlab/connect.ts';

const BRANCHES = Array.from({ length: 90 }, (_, index) => `feature-${index}`);

it('costs one call for all branches while nothing changes, and two for a new build', async () => {
  const gitlab = await serve();
  for (const [index, ref] of BRANCHES.entries())
    gitlab.addPipeline(REPOSITORY, { ref, sha: sha(`${index}a`) });
  const resolve = createResolver(
    gitlab,
    [...BRANCHES.keys()].map((index) => sha(`${index}a`)),
  );
  const resolveAll = () => Promise.all(BRANCHES.map((branch) => resolve({ branch })));
  expect((await resolveAll()).every(({ decision }) => decision.kind === 'answered')).toBe(true);
  expect(takeRequests(gitlab)).toEqual([
    'pipelines?per_page=100&page=1',
    'repository/tags?order_by=name&sort=asc&per_page=100&page=1',
  ]);
  await resolveAll();
  expect(takeRequests(gitlab)).toEqual([expect.stringMatching(/^pipelines\?updated_after=/)]);
  const { id } = gitlab.addPipeline(REPOSITORY, { ref: 'feature-1', updated_at: '2026-01-01T06:00:00.500Z' });
  await resolveAll();
  expect(takeRequests(gitlab)).toEqual([
    expect.stringMatching(/^pipelines\?updated_after=/),
    `pipelines/${id}`,
  ]);
});
