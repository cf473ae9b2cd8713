import { Agent } from 'undici';
import { createGitHub, github as kind } from '../../src/ci/github/kind.ts';
import { createFakeGitHub } from '../fixtures/github/fake-github.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { FORK } from '../fixtures/github/data.ts';
import { describeConnection } from './ci/suite.ts';
import type { CiUpstream, ContractFault, ContractRun } from './ci/upstream.ts';

const REPOSITORY = 'acme/shop';
const SECRET = 'sesame';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
  'rejected credentials': {
    kind: 'status',
    status: 401,
    headers: JSON_TYPE,
    body: '{"message":"Bad"}',
  },
  'a missing permission': {
    kind: 'status',
    status: 403,
    headers: { ...JSON_TYPE, 'x-ratelimit-remaining': '4999' },
    body: '{"message":"Resource not accessible by personal access token"}',
  },
  'an unknown repository': {
    kind: 'status',
    status: 404,
    headers: JSON_TYPE,
    body: '{"message":"Not Found"}',
  },
  'a rate limit': { kind: 'status', status: 403, headers: { 'x-ratelimit-remaining': '0' } },
  'an outage': {
    kind: 'status',
    status: 502,
    headers: { 'content-type': 'text/html' },
    body: '<html>Unicorn</html>',
  },
  'an HTML page': {
    kind: 'status',
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<html></html>',
  },
  'an empty body': { kind: 'status', status: 200, headers: JSON_TYPE },
  'another shape': { kind: 'status', status: 200, headers: JSON_TYPE, body: '{"message":"ok"}' },
};

const STATES = {
  running: { status: 'in_progress' },
  success: { conclusion: 'success' },
  unsuccessful: { conclusion: 'failure' },
} as const satisfies Record<ContractRun['state'], object>;

const HEADS = { fork: { head_repository: FORK }, deleted: { head_repository: null } };

async function createUpstream(): Promise<CiUpstream> {
  const github = await createFakeGitHub({ token: SECRET });
  github.addRepository(REPOSITORY);
  const auth = { kind: 'token', read: () => SECRET } as const;
  let skipped = 0;
  const observer = {
    requested: () => undefined,
    quota: () => undefined,
    skipped: (_connection: string, count: number) => void (skipped += count),
  };
  const agent = new Agent();
  const connect = (timeoutMs: number) =>
    createGitHub(
      { name: 'hub', url: github.url, auth },
      { now: () => NOW, timeoutMs, observer, dispatcherFor: () => agent },
    );
  return {
    kind,
    claims: { total: true, validator: true, workflows: true, pullRequestRuns: 'name the branch' },
    ports: connect(10_000),
    impatient: connect(50),
    gitRepository: REPOSITORY,
    host: new URL(github.url).host,
    secret: SECRET,
    pageSize: 100,
    sampleId: '1',
    addRun({ branch, state, head, pullRequest }) {
      const event = pullRequest === undefined ? 'push' : 'pull_request';
      const where = head === undefined ? {} : HEADS[head];
      const run = github.addRun(REPOSITORY, { head_branch: branch, event, ...STATES[state], ...where });
      return String(run.id);
    },
    rerun(id) {
      github.updateRun(REPOSITORY, Number(id), { run_attempt: 2, conclusion: 'success' });
    },
    deleteRun: (id) => github.deleteRun(REPOSITORY, Number(id)),
    spoilRun: (id) => github.updateRun(REPOSITORY, Number(id), { head_sha: 'HEAD' }),
    addPullRequest(number, head) {
      github.addPullRequest(REPOSITORY, Number(number), { own: undefined, fork: FORK, deleted: null }[head]);
    },
    closePullRequest: (number) => github.updatePullRequest(REPOSITORY, Number(number), { state: 'closed' }),
    setStatus(commit, context, state) {
      github.setStatus(REPOSITORY, commit, context, state === 'unsuccessful' ? 'failure' : state);
    },
    addPush: (branch, commit) => void github.push(REPOSITORY, `refs/heads/${branch}`, commit),
    addPushToTag: (tag, commit) => void github.push(REPOSITORY, `refs/tags/${tag}`, commit),
    deleteBranch: (branch) => void github.push(REPOSITORY, `refs/heads/${branch}`, null),
    breakWith(fault) {
      github.addRun(REPOSITORY, { id: 1 });
      github.addPullRequest(REPOSITORY, 1);
      github.fault(FAULTS[fault]);
    },
    skipped: () => skipped,
    requests: () => github.requests.length,
    async close() {
      await github.close();
      github.verify();
    },
  };
}

describeConnection('GitHub Actions', ['gitHost', 'statuses', 'pushLog'], createUpstream);
