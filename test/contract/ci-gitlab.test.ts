import { Agent } from 'undici';
import { gitlab as kind } from '../../src/ci/gitlab/kind.ts';
import { createFakeGitLab, type FakeGitLab } from '../fixtures/gitlab/fake-gitlab.ts';
import { FORK_ID } from '../fixtures/gitlab/data.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { describeConnection } from './ci/suite.ts';
import type { CiUpstream, ContractFault, ContractRun } from './ci/upstream.ts';

const REPOSITORY = 'acme/web/shop';
const SECRET = 'sesame';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const JSON_TYPE = { 'content-type': 'application/json' };
const TEXT_TYPE = { 'content-type': 'text/plain' };
const SAMPLE_ID = 1;

const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
  'rejected credentials': {
    kind: 'status',
    status: 401,
    headers: JSON_TYPE,
    body: '{"message":"401 Unauthorized"}',
  },
  'a missing permission': {
    kind: 'status',
    status: 403,
    headers: JSON_TYPE,
    body: '{"message":"403 Forbidden"}',
  },
  'an unknown repository': {
    kind: 'status',
    status: 404,
    headers: JSON_TYPE,
    body: '{"message":"404 Project Not Found"}',
  },
  'a rate limit': { kind: 'status', status: 429, headers: TEXT_TYPE, body: 'Retry later\n' },
  'an outage': { kind: 'status', status: 502, headers: TEXT_TYPE, body: 'GitLab is not responding' },
  'an HTML page': {
    kind: 'status',
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!DOCTYPE html><html class="html-devise-layout"></html>',
  },
  'an empty body': { kind: 'status', status: 200, headers: JSON_TYPE },
  'another shape': { kind: 'status', status: 200, headers: JSON_TYPE, body: '{"message":"ok"}' },
};

const STATUSES = { running: 'running', success: 'success', unsuccessful: 'failed' } as const;

function addRun(gitlab: FakeGitLab, { branch, state, head, pullRequest }: ContractRun): string {
  const status = STATUSES[state];
  if (pullRequest === undefined) {
    // An agent's pipeline runs on a ref of its own.
    return String(gitlab.addPipeline(REPOSITORY, { ref: branch ?? 'refs/workloads/1a2b', status }).id);
  }
  addMergeRequest(gitlab, pullRequest, head, branch ?? 'feature');
  const ref = `refs/merge-requests/${pullRequest}/head`;
  return String(gitlab.addPipeline(REPOSITORY, { ref, status, source: 'merge_request_event' }).id);
}

function addMergeRequest(
  gitlab: FakeGitLab,
  number: string,
  head: 'own' | ContractRun['head'],
  branch = 'feature',
): void {
  const own = gitlab.project(REPOSITORY).id;
  const source = head === 'fork' ? FORK_ID : head === 'deleted' ? null : own;
  gitlab.addMergeRequest(REPOSITORY, Number(number), { source_project_id: source, source_branch: branch });
}

async function createUpstream(): Promise<CiUpstream> {
  const gitlab = await createFakeGitLab({ token: SECRET, now: () => NOW, includesReservedRefs: true });
  gitlab.project(REPOSITORY);
  const agent = new Agent();
  let skipped = 0;
  const observer = {
    requested: () => undefined,
    quota: () => undefined,
    skipped: (_connection: string, count: number) => void (skipped += count),
  };
  const connect = (timeoutMs: number) =>
    kind.connect(
      {
        name: 'lab',
        kind: 'gitlab',
        url: gitlab.url,
        auth: { kind: 'token', source: { env: 'GITLAB_TOKEN' } },
      },
      {
        now: () => NOW,
        env: { GITLAB_TOKEN: SECRET },
        warn: () => undefined,
        observer,
        timeoutMs,
        dispatcherFor: () => agent,
      },
    );
  const change = (id: string, update: Parameters<FakeGitLab['updatePipeline']>[2]) =>
    gitlab.updatePipeline(REPOSITORY, Number(id), update);
  let statusId = 0;
  return {
    kind,
    claims: {
      total: true,
      validator: false,
      workflows: false,
      attempts: false,
      pullRequestRuns: 'name the number',
    },
    ports: connect(10_000),
    impatient: connect(50),
    gitRepository: REPOSITORY,
    host: new URL(gitlab.url).host,
    secret: SECRET,
    pageSize: 100,
    sampleId: String(SAMPLE_ID),
    addRun: (run) => addRun(gitlab, run),
    // A retry keeps the pipeline and its time of creation.
    rerun: (id) => change(id, { status: 'success', updated_at: new Date(NOW + 3_600_000).toISOString() }),
    deleteRun(id) {
      const project = gitlab.project(REPOSITORY);
      project.pipelines = project.pipelines.filter((each) => each.id !== Number(id));
    },
    spoilRun: (id) => change(id, { sha: 'HEAD' }),
    addPullRequest: (number, head) => addMergeRequest(gitlab, number, head),
    closePullRequest: (number) =>
      void gitlab.addMergeRequest(REPOSITORY, Number(number), { state: 'closed' }),
    setStatus(sha, name, state) {
      const status = ({ success: 'success', pending: 'running', unsuccessful: 'failed' } as const)[state];
      gitlab.project(REPOSITORY).statuses.unshift({ id: ++statusId, sha, name, status, target_url: null });
    },
    addPush: (branch, commit) => gitlab.push(REPOSITORY, branch, commit),
    addPushToTag: (ref, commit_to) =>
      gitlab.addPushEvent(REPOSITORY, { action: 'created', ref_type: 'tag', ref, commit_to }),
    deleteBranch(ref) {
      gitlab.project(REPOSITORY).branches.delete(ref);
      gitlab.addPushEvent(REPOSITORY, { action: 'removed', ref, commit_to: null });
    },
    breakWith(fault) {
      gitlab.addPipeline(REPOSITORY, { id: SAMPLE_ID });
      addMergeRequest(gitlab, '1', 'own');
      gitlab.fault(FAULTS[fault]);
    },
    skipped: () => skipped,
    requests: () => gitlab.requests.length,
    async close() {
      await gitlab.close();
      gitlab.verify();
    },
  };
}

describeConnection('GitLab', ['gitHost', 'statuses', 'pushLog'], createUpstream);
