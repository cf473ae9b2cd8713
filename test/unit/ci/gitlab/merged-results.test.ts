/** Pipelines of merge requests: heads, merged results and trains, from lists to answers. */
import { describe, expect, it } from 'vitest';
import type { FakeGitLab } from '../../../fixtures/gitlab/fake-gitlab.ts';
import { FORK_ID } from '../../../fixtures/gitlab/data.ts';
import { sha } from '../../../fixtures/builders.ts';
import {
  connect,
  createResolver,
  REPOSITORY,
  serve,
  takeRequests,
} from '../../../fixtures/gitlab/connect.ts';

const HEAD = sha('4ead');
const TARGET = sha('7a49');
const MERGED = sha('3e49ed');

function addMergedResult(gitlab: FakeGitLab, given: { status?: string; kind?: 'merge' | 'train' } = {}) {
  const { status = 'success', kind = 'merge' } = given;
  const commit = { id: MERGED, parent_ids: [TARGET, HEAD], committed_date: '2026-01-01T00:00:00Z' };
  gitlab.project(REPOSITORY).commits.set(MERGED, commit);
  const ref = `refs/merge-requests/9/${kind}`;
  return gitlab.addPipeline(REPOSITORY, { ref, sha: MERGED, status, source: 'merge_request_event' });
}

describe('a merged result', () => {
  it.each(['merge', 'train'] as const)(
    '(%s) has the head of the merge request, and what was built',
    async (kind) => {
      const gitlab = await serve();
      const { id } = addMergedResult(gitlab, { kind });
      const { provider } = connect(gitlab.url);
      const run = {
        pullRequest: '9',
        branch: null,
        commit: HEAD,
        builtCommit: MERGED,
        refKind: 'pull_request',
      };
      expect(await provider.fetchRuns(REPOSITORY)).toMatchObject({ runs: [run] });
      expect(takeRequests(gitlab)).toEqual(['pipelines?per_page=100&page=1', `repository/commits/${MERGED}`]);
      expect(await provider.fetchRun(REPOSITORY, String(id))).toMatchObject(run);
      expect(takeRequests(gitlab)).toEqual([`pipelines/${id}`]);
    },
  );

  it('answers for its head with the image of the merge commit', async () => {
    const gitlab = await serve();
    gitlab.addMergeRequest(REPOSITORY, 9, { sha: HEAD });
    addMergedResult(gitlab);
    const resolve = createResolver(gitlab, [MERGED]);
    const { decision } = await resolve({ branch: 'feature', number: '9', headSha: HEAD });
    expect(decision).toMatchObject({
      set: { build: { commit: HEAD, builtCommit: MERGED, branch: 'feature' } },
    });
  });

  it('that is red is not outvoted by the green pipeline of the same head', async () => {
    const gitlab = await serve();
    gitlab.addMergeRequest(REPOSITORY, 9, { sha: HEAD });
    gitlab.addPipeline(REPOSITORY, { ref: 'feature', sha: HEAD });
    addMergedResult(gitlab, { status: 'failed' });
    const resolve = createResolver(gitlab, [HEAD, MERGED]);
    const { builds } = await resolve({ branch: 'feature', number: '9', headSha: HEAD });
    expect(builds).toMatchObject([{ status: 'unsuccessful', build: { commit: HEAD } }]);
  });

  it('counts under its own commit if its head cannot be told', async () => {
    const gitlab = await serve();
    const { sha: built } = gitlab.addPipeline(REPOSITORY, {
      ref: 'refs/merge-requests/9/train',
      sha: MERGED,
    });
    expect(await connect(gitlab.url).provider.fetchRuns(REPOSITORY)).toMatchObject({
      runs: [{ commit: built, builtCommit: built }],
    });
  });

  it('whose commit cannot be read costs three calls, not one with each page', async () => {
    const gitlab = await serve();
    gitlab.addPipeline(REPOSITORY, { ref: 'refs/merge-requests/9/merge', sha: MERGED });
    const { provider } = connect(gitlab.url);
    for (let reads = 0; reads < 5; reads++) await provider.fetchRuns(REPOSITORY);
    const asked = takeRequests(gitlab).filter((path) => path.startsWith('repository/commits/'));
    expect(asked).toHaveLength(3);
  });

  it('costs at most twenty calls a page, for the newest of each merge request', async () => {
    const gitlab = await serve();
    for (let iid = 1; iid <= 30; iid++) {
      for (const built of [`${iid}a`, `${iid}b`].map(sha)) {
        gitlab.addPipeline(REPOSITORY, { ref: `refs/merge-requests/${iid}/merge`, sha: built });
      }
    }
    await connect(gitlab.url).provider.fetchRuns(REPOSITORY);
    const asked = takeRequests(gitlab).slice(1);
    expect(asked).toEqual(
      Array.from({ length: 20 }, (_, index) => `repository/commits/${sha(`${30 - index}b`)}`),
    );
  });
});

describe('a pipeline of a merge request', () => {
  const pipeline = { ref: 'refs/merge-requests/9/head', sha: HEAD, source: 'merge_request_event' };

  it('of our own branch counts', async () => {
    const gitlab = await serve();
    gitlab.addMergeRequest(REPOSITORY, 9, { sha: HEAD });
    gitlab.addPipeline(REPOSITORY, pipeline);
    const resolve = createResolver(gitlab, [HEAD]);
    const { decision } = await resolve({ branch: 'feature', number: '9', headSha: HEAD });
    expect(decision).toMatchObject({ set: { build: { commit: HEAD } } });
  });

  it('that a member ran for a fork counts with forks: true', async () => {
    const gitlab = await serve();
    gitlab.addMergeRequest(REPOSITORY, 9, { sha: HEAD, source_project_id: FORK_ID });
    gitlab.addPipeline(REPOSITORY, pipeline);
    const resolve = createResolver(gitlab, [HEAD], { forks: true });
    const { decision } = await resolve({ branch: 'feature', number: '9', headSha: HEAD });
    expect(decision).toMatchObject({ set: { build: { commit: HEAD } } });
  });

  it('is not found without the number, so that no fork is taken for our branch', async () => {
    const gitlab = await serve();
    gitlab.addMergeRequest(REPOSITORY, 9, { sha: HEAD });
    gitlab.addPipeline(REPOSITORY, pipeline);
    const resolve = createResolver(gitlab, [HEAD]);
    expect(await resolve({ branch: 'feature', headSha: HEAD })).toMatchObject({
      decision: { kind: 'nothing' },
      builds: [],
    });
  });

  it.each([
    ['a fork', FORK_ID],
    ['a deleted fork', null],
  ])("that a member ran for %s does not count, though it ran in the parent's project", async (_, source) => {
    const gitlab = await serve();
    gitlab.addMergeRequest(REPOSITORY, 9, { sha: HEAD, source_project_id: source });
    gitlab.addPipeline(REPOSITORY, pipeline);
    const resolve = createResolver(gitlab, [HEAD]);
    const { decision } = await resolve({ branch: 'feature', number: '9', headSha: HEAD });
    expect(JSON.stringify(decision)).not.toContain('digest');
  });
});
