/** A tag and a branch of one name: only a single pipeline's answer tells them apart. */
import { expect, it } from 'vitest';
import type { RunPage } from '../../../../src/ci/provider.ts';
import { sha } from '../../../fixtures/builders.ts';
import {
  connect,
  createResolver,
  REPOSITORY,
  serve,
  takeRequests,
} from '../../../fixtures/gitlab/connect.ts';

const kindsOf = (page: RunPage | 'unchanged') =>
  page === 'unchanged' ? [] : page.runs.map(({ refKind }) => refKind);

it("never answers with a tag's build for the branch of its name", async () => {
  const gitlab = await serve();
  gitlab.project(REPOSITORY).tags.add('v1');
  gitlab.addPipeline(REPOSITORY, { ref: 'v1', sha: sha('b1') });
  gitlab.addPipeline(REPOSITORY, { ref: 'v1', sha: sha('7a'), tag: true });
  const resolve = createResolver(gitlab, [sha('b1'), sha('7a')]);
  const { decision, ignored } = await resolve({ branch: 'v1' });
  expect(decision).toMatchObject({ set: { build: { commit: sha('b1') } } });
  expect([...ignored.keys()]).toEqual(["a tag's"]);
});

it('asks for each of a few new pipelines, once', async () => {
  const gitlab = await serve();
  const { id } = gitlab.addPipeline(REPOSITORY, { ref: 'v1', tag: true });
  const { provider } = connect(gitlab.url);
  expect(kindsOf(await provider.fetchRuns(REPOSITORY))).toEqual(['tag']);
  expect(takeRequests(gitlab)).toEqual(['pipelines?per_page=100&page=1', `pipelines/${id}`]);
  expect(kindsOf(await provider.fetchRuns(REPOSITORY))).toEqual(['tag']);
  expect(takeRequests(gitlab)).toEqual(['pipelines?per_page=100&page=1']);
});

it('reads the tags once for many, and asks only for pipelines whose ref is one of them', async () => {
  const gitlab = await serve();
  for (let number = 1; number <= 150; number++) {
    gitlab.project(REPOSITORY).tags.add(`v${number}`);
    gitlab.addPipeline(REPOSITORY, { ref: `feature-${number}` });
  }
  const branch = gitlab.addPipeline(REPOSITORY, { ref: 'v1' });
  const tag = gitlab.addPipeline(REPOSITORY, { ref: 'v1', tag: true });
  const { provider } = connect(gitlab.url);
  expect(kindsOf(await provider.fetchRuns(REPOSITORY)).slice(0, 3)).toEqual(['tag', 'branch', 'branch']);
  expect(takeRequests(gitlab)).toEqual([
    'pipelines?per_page=100&page=1',
    'repository/tags?order_by=name&sort=asc&per_page=100&page=1',
    'repository/tags?order_by=name&sort=asc&per_page=100&page=2',
    `pipelines/${tag.id}`,
    `pipelines/${branch.id}`,
  ]);
  expect(kindsOf(await provider.fetchRuns(REPOSITORY, '2')).slice(0, 1)).toEqual(['branch']);
  expect(takeRequests(gitlab)).toEqual(['pipelines?per_page=100&page=2']);
});

it('asks for a pipeline that is newer than the tags that were read', async () => {
  const gitlab = await serve();
  for (let number = 1; number <= 20; number++) gitlab.addPipeline(REPOSITORY, { ref: `feature-${number}` });
  const { provider } = connect(gitlab.url);
  await provider.fetchRuns(REPOSITORY);
  takeRequests(gitlab);
  gitlab.project(REPOSITORY).tags.add('feature-1');
  const { id } = gitlab.addPipeline(REPOSITORY, { ref: 'feature-1', tag: true });
  expect(kindsOf(await provider.fetchRuns(REPOSITORY)).slice(0, 2)).toEqual(['tag', 'branch']);
  expect(takeRequests(gitlab)).toEqual(['pipelines?per_page=100&page=1', `pipelines/${id}`]);
});

it('costs pipelines of merge requests nothing', async () => {
  const gitlab = await serve();
  gitlab.addPipeline(REPOSITORY, { ref: 'refs/merge-requests/9/head', source: 'merge_request_event' });
  const { provider } = connect(gitlab.url);
  expect(kindsOf(await provider.fetchRuns(REPOSITORY))).toEqual(['pull_request']);
  expect(takeRequests(gitlab)).toHaveLength(1);
});

it("counts a pipeline that is deleted meanwhile as none of the branch's", async () => {
  const gitlab = await serve();
  const { id } = gitlab.addPipeline(REPOSITORY);
  gitlab.fault(
    { kind: 'status', status: 404, headers: { 'content-type': 'application/json' }, body: '{}' },
    { path: new RegExp(`/pipelines/${id}$`) },
  );
  expect(kindsOf(await connect(gitlab.url).provider.fetchRuns(REPOSITORY))).toEqual(['tag']);
});

it('asks for each pipeline if a tag may be missing, since another was removed while tags were read', async () => {
  const gitlab = await serve();
  const { tags } = gitlab.project(REPOSITORY);
  for (let number = 100; number < 250; number++) tags.add(`v${number}`);
  for (let number = 1; number <= 20; number++) gitlab.addPipeline(REPOSITORY, { ref: `feature-${number}` });
  gitlab.addPipeline(REPOSITORY, { ref: 'v200', tag: true });
  // v100 was removed after the first page, so v200 has moved onto it.
  const rest = [...tags].slice(101).map((name) => ({ name }));
  const headers = { 'content-type': 'application/json', 'x-next-page': '', 'x-total': '149' };
  const body = JSON.stringify(rest);
  gitlab.fault({ kind: 'status', status: 200, headers, body }, { path: /tags\?.*&page=2$/, times: 1 });
  expect(kindsOf(await connect(gitlab.url).provider.fetchRuns(REPOSITORY)).slice(0, 2)).toEqual([
    'tag',
    'branch',
  ]);
});
