/** The schemas accept the examples of GitLab's own documentation. */
import { describe, expect, it } from 'vitest';
import { parseMergeRequest, parseMergeRequestPage } from '../../../../src/ci/gitlab/merge-request.ts';
import {
  parseElements,
  parsePipeline,
  parsePipelines,
  selectPipelines,
  type PipelineFacts,
} from '../../../../src/ci/gitlab/schema.ts';

const SOURCE = { host: 'gitlab.test', api: 'GitLab' };
const FACTS: PipelineFacts = { refKindOf: () => 'branch', headOf: ({ sha }) => sha };

/** https://docs.gitlab.com/api/pipelines/#list-project-pipelines */
const LISTED = [
  {
    id: 48,
    iid: 13,
    project_id: 1,
    status: 'pending',
    source: 'web',
    ref: 'new-pipeline',
    sha: 'eb94b618fb5865b26e80fdd8ae531b7a63ad851a',
    name: 'Build pipeline',
    web_url: 'https://example.com/foo/bar/pipelines/48',
    created_at: '2016-08-12T10:06:04.561Z',
    updated_at: '2016-08-12T10:09:56.223Z',
  },
  {
    id: 47,
    iid: 12,
    project_id: 1,
    status: 'pending',
    source: 'push',
    ref: 'new-pipeline',
    sha: 'a91957a858320c0e17f3a0eca7cfacbff50ea29a',
    name: 'Build pipeline',
    web_url: 'https://example.com/foo/bar/pipelines/47',
    created_at: '2016-08-11T11:28:34.085Z',
    updated_at: '2016-08-11T11:32:35.169Z',
  },
];

/** https://docs.gitlab.com/api/pipelines/#get-a-single-pipeline */
const SINGLE = {
  id: 287,
  iid: 144,
  project_id: 21,
  name: 'Build pipeline',
  sha: '50f0acb76a40e34a4ff304f7347dcc6587da8a14',
  ref: 'main',
  status: 'success',
  source: 'push',
  created_at: '2022-09-21T01:05:07.200Z',
  updated_at: '2022-09-21T01:05:50.185Z',
  web_url: 'http://127.0.0.1:3000/test-group/test-project/-/pipelines/287',
  before_sha: '8a24fb3c5877a6d0b611ca41fc86edc174593e2b',
  tag: false,
  yaml_errors: null,
  started_at: '2022-09-21T01:05:14.197Z',
  finished_at: '2022-09-21T01:05:50.175Z',
  committed_at: null,
  duration: 34,
  queued_duration: 6,
  coverage: null,
  detailed_status: { icon: 'status_success', text: 'passed', label: 'passed', illustration: null },
};

/** https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests, the fields that are read and some more */
const MERGE_REQUEST = {
  id: 1,
  iid: 1,
  project_id: 3,
  title: 'test1',
  description: 'fixed login page css paddings',
  state: 'opened',
  created_at: '2017-04-29T08:46:00Z',
  updated_at: '2017-04-29T08:46:00Z',
  target_branch: 'main',
  source_branch: 'test1',
  author: { id: 1, name: 'Administrator', username: 'admin', state: 'active', avatar_url: null },
  source_project_id: 2,
  target_project_id: 3,
  labels: ['Community contribution', 'Manage'],
  draft: false,
  work_in_progress: false,
  merge_when_pipeline_succeeds: true,
  detailed_merge_status: 'not_open',
  sha: '8888888888888888888888888888888888888888',
  merge_commit_sha: null,
  squash: false,
};

describe('pipelines', () => {
  it('are read from a list', () => {
    const { runs, unread } = parsePipelines(parseElements(LISTED, SOURCE), FACTS, SOURCE);
    expect(unread).toEqual([]);
    expect(runs).toMatchObject([
      {
        id: '48',
        number: '13',
        event: 'web',
        state: 'running',
        branch: 'new-pipeline',
        position: 48,
        createdAt: Date.parse('2016-08-12T10:06:04.561Z'),
        updatedAt: Date.parse('2016-08-12T10:09:56.223Z'),
        url: 'https://example.com/foo/bar/pipelines/48',
      },
      { id: '47', event: 'push' },
    ]);
  });

  it('are read one by one', () => {
    expect(parsePipeline(SINGLE, SOURCE)).toMatchObject({ id: 287, iid: '144', tag: false });
  });

  it('keep their place if one is odd', () => {
    const [first, second] = LISTED;
    const elements = [first, { ...second, sha: 'HEAD' }, { ...second, id: '46' }, 7];
    expect(selectPipelines(elements)).toHaveLength(1);
    expect(parsePipelines(elements, FACTS, SOURCE).unread).toMatchObject([
      { id: '47', branch: 'new-pipeline', commit: null, position: 47, problem: 'a field sha' },
      { id: null, branch: 'new-pipeline', position: 47, problem: 'a field id' },
      { id: null, branch: null, position: 47, problem: 'something' },
    ]);
  });

  it('of a merge request that are odd belong to no branch', () => {
    const odd = { ...LISTED[0], ref: 'refs/merge-requests/9/merge', iid: null };
    expect(parsePipelines([odd], FACTS, SOURCE).unread).toMatchObject([{ branch: '', commit: null }]);
  });

  it('may lead nowhere, but never to a script', () => {
    const odd = { ...LISTED[0], web_url: 'javascript:alert(1)' };
    expect(parsePipelines([odd], FACTS, SOURCE).runs).toMatchObject([{ url: '' }]);
  });
});

describe('merge requests', () => {
  it('are read from a list and one by one', () => {
    expect(parseMergeRequestPage([MERGE_REQUEST], SOURCE, (time) => time)).toMatchObject({
      pullRequests: [{ number: '1', author: 'admin', head: { origin: 'foreign', headRepositoryId: '2' } }],
      unread: [],
    });
    expect(parseMergeRequest(MERGE_REQUEST, SOURCE, (time) => time)).toMatchObject({
      headBranch: 'test1',
      headCommit: '8'.repeat(40),
    });
  });
});
