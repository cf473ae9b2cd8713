/** Every field of a run, and failures that must not be mistaken for facts. */
import { describe, expect, it } from 'vitest';
import { describeGitLabFailure } from '../../../../src/ci/gitlab/failure.ts';
import { parseMergeRequestPage } from '../../../../src/ci/gitlab/merge-request.ts';
import { parsePipelines } from '../../../../src/ci/gitlab/schema.ts';
import { failureOf } from '../../../contract/ci/upstream.ts';
import { connect, REPOSITORY, serve } from '../../../fixtures/gitlab/connect.ts';
import { sha } from '../../../fixtures/builders.ts';

const SOURCE = { host: 'gitlab.test', api: 'GitLab' };
const HEAD = sha('4ead');
const MERGED = sha('3e49ed');
const PIPELINE = {
  id: 47,
  iid: 12,
  project_id: 3,
  status: 'success',
  source: 'push',
  ref: 'main',
  sha: MERGED,
  web_url: 'https://gitlab.test/acme/shop/-/pipelines/47',
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:04:00Z',
};
const CREATED = Date.parse(PIPELINE.created_at);

function parse(changes: Partial<typeof PIPELINE> = {}) {
  const facts = { refKindOf: () => 'branch' as const, headOf: () => HEAD };
  return parsePipelines([{ ...PIPELINE, ...changes }], facts, SOURCE).runs[0];
}

const RUN = {
  id: '47',
  number: '12',
  attempt: 1,
  workflow: null,
  workflowId: null,
  branch: 'main',
  pullRequest: null,
  refKind: 'branch',
  commit: HEAD,
  builtCommit: MERGED,
  event: 'push',
  state: 'success',
  outcome: 'success',
  headRepositoryId: '3',
  origin: 'own',
  mayPush: true,
  url: 'https://gitlab.test/acme/shop/-/pipelines/47',
  position: 47,
  tie: '',
  createdAt: CREATED,
  startedAt: CREATED,
  updatedAt: CREATED + 240_000,
  committedAt: null,
};

describe('a pipeline', () => {
  it('of a branch is a run with all of these fields', () => {
    expect(parse()).toEqual(RUN);
  });

  it("of a merge request has no branch, and only the merge request's record says whose it is", () => {
    const ofMergeRequest = { ref: 'refs/merge-requests/9/train', source: 'merge_request_event' };
    expect(parse(ofMergeRequest)).toEqual({
      ...RUN,
      branch: null,
      pullRequest: '9',
      refKind: 'pull_request',
      event: 'merge_request_event',
      headRepositoryId: null,
      origin: 'unknown',
    });
  });

  it.each(['refs/merge-requests/9/head/x', 'x/refs/merge-requests/9/head', 'refs/merge-requests/9/other'])(
    'of the ref %s is of no merge request',
    (ref) => {
      expect(parse({ ref })).toMatchObject({ pullRequest: null });
    },
  );

  it('of another ref is neither of a branch nor of a tag', () => {
    expect(parse({ ref: 'refs/workloads/1' })).toMatchObject({ branch: null, refKind: 'unknown' });
  });
});

describe('the head of a merged result', () => {
  it('is a failure while GitLab cannot answer, since a guess would stay', async () => {
    const gitlab = await serve();
    const ref = 'refs/merge-requests/9/merge';
    gitlab.addPipeline(REPOSITORY, { ref, sha: MERGED, source: 'merge_request_event' });
    gitlab.fault({ kind: 'status', status: 500 }, { path: /repository\/commits/ });
    const { provider } = connect(gitlab.url);
    expect(await failureOf(provider.fetchRuns(REPOSITORY))).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a failure other than a rate limit', () => {
  it('does not wait for the quota', () => {
    const call = { host: 'gitlab.test', connection: 'lab', anonymous: false, what: 'x', permission: 'y' };
    const response = { status: 503, headers: { 'ratelimit-reset': String(CREATED / 1000 + 40) }, data: '' };
    expect(describeGitLabFailure(response, call, CREATED)).toMatchObject({
      kind: 'unavailable',
      retryAfterMs: undefined,
    });
  });
});

describe('a merge request', () => {
  it('may have lost its author', () => {
    const element = {
      iid: 9,
      title: 'Add a cart',
      labels: [],
      source_branch: 'cart',
      target_branch: 'main',
      sha: HEAD,
      source_project_id: 3,
      target_project_id: 3,
      author: null,
    };
    const { pullRequests } = parseMergeRequestPage([element], SOURCE, (time) => time);
    expect(pullRequests[0]?.author).toBeNull();
  });
});

describe("a branch's list", () => {
  it("has the branch's runs, and those of the tag of its name apart", async () => {
    const gitlab = await serve();
    gitlab.addPipeline(REPOSITORY, { ref: 'main' });
    const { provider } = connect(gitlab.url);
    expect(await provider.fetchBranchRuns(REPOSITORY, 'main')).toMatchObject({
      runs: [{ branch: 'main', refKind: 'branch' }],
    });
  });

  it("has a commit's time as its position", async () => {
    const gitlab = await serve();
    const commits = [
      { id: MERGED, parent_ids: [HEAD], committed_date: '2026-01-01T00:02:00Z' },
      { id: HEAD, parent_ids: [], committed_date: '2026-01-01T00:00:00Z' },
    ];
    gitlab.project(REPOSITORY).branches.set('main', commits);
    expect(await connect(gitlab.url).pushLog.fetchBranchPushes(REPOSITORY, 'main')).toMatchObject({
      pushes: [
        { commit: MERGED, position: CREATED + 120_000 },
        { commit: HEAD, position: CREATED },
      ],
    });
  });
});
