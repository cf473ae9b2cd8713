import { Agent } from 'undici';
import { bitbucket as kind } from '../../src/ci/bitbucket/kind.ts';
import {
  createPipeline,
  createPullRequest,
  createPullRequestTarget,
  createRefTarget,
  STATES,
  uuidOf,
  type Pipeline,
} from '../fixtures/bitbucket/data.ts';
import { createFakeBitbucket } from '../fixtures/bitbucket/fake-bitbucket.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { describeConnection } from './ci/suite.ts';
import type { CiUpstream, ContractFault, ContractRun } from './ci/upstream.ts';

const REPOSITORY = 'acme/shop';
const SECRET = 'sesame';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

function fail(status: number, message: string): FakeFault {
  const body = JSON.stringify({ type: 'error', error: { message } });
  return { kind: 'status', status, headers: JSON_TYPE, body };
}

const HTML = { 'content-type': 'text/html' };

const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
  'rejected credentials': fail(401, 'Token is invalid, expired, or not supported for this endpoint.'),
  'a missing permission': fail(403, 'Your credentials lack one or more required privilege scopes.'),
  'an unknown repository': fail(404, 'Repository acme/shop not found'),
  'a rate limit': {
    kind: 'status',
    status: 429,
    headers: HTML,
    body: 'Rate limit for this resource has been exceeded',
  },
  'an outage': { kind: 'status', status: 503, headers: HTML, body: '<html>Down</html>' },
  'an HTML page': { kind: 'status', status: 200, headers: HTML, body: '<html></html>' },
  'an empty body': { kind: 'status', status: 200, headers: JSON_TYPE },
  'another shape': { kind: 'status', status: 200, headers: JSON_TYPE, body: '{"message":"ok"}' },
};

function describeTarget({ branch, pullRequest }: ContractRun, number: number): Pipeline['target'] {
  if (branch === null) {
    const { commit } = createRefTarget('', number);
    return { type: 'pipeline_commit_target', commit, selector: { type: 'default' } };
  }
  return pullRequest === undefined
    ? createRefTarget(branch, number)
    : createPullRequestTarget(branch, Number(pullRequest), number);
}

const STATUSES = { success: 'SUCCESSFUL', pending: 'INPROGRESS', unsuccessful: 'STOPPED' } as const;

const idOf = ({ uuid }: Pipeline) => uuid.slice(1, -1);

async function createUpstream(): Promise<CiUpstream> {
  const server = await createFakeBitbucket(REPOSITORY, `Bearer ${SECRET}`);
  const { url, host, data } = server;
  const agent = new Agent();
  let skipped = 0;
  const observer = {
    requested: () => undefined,
    quota: () => undefined,
    skipped: (_connection: string, count: number) => void (skipped += count),
  };
  const deps = { now: () => NOW, env: { BITBUCKET_TOKEN: SECRET }, warn: () => undefined };
  const connect = (timeoutMs: number) =>
    kind.connect(
      { name: 'bit', kind: 'bitbucket', url, auth: { kind: 'token', source: { env: 'BITBUCKET_TOKEN' } } },
      { ...deps, observer, timeoutMs, dispatcherFor: () => agent },
    );
  let last = 0;
  let pushes = 0;
  const add = (run: ContractRun) => {
    const number = ++last;
    const { completed_on: completedOn, ...rest } = createPipeline(number, {
      state: STATES[run.state],
      target: describeTarget(run, number),
    });
    const isRunning = run.state === 'running' || completedOn === undefined;
    const pipeline: Pipeline = isRunning ? rest : { ...rest, completed_on: completedOn };
    data.pipelines.unshift(pipeline);
    return idOf(pipeline);
  };
  const change = (id: string, update: (pipeline: Pipeline) => Partial<Pipeline>) => {
    data.pipelines = data.pipelines.map((each) => (idOf(each) === id ? { ...each, ...update(each) } : each));
  };
  return {
    kind,
    claims: {
      total: true,
      validator: false,
      workflows: true,
      pullRequestRuns: 'name the branch',
      forkRuns: false,
    },
    ports: connect(10_000),
    impatient: connect(50),
    gitRepository: REPOSITORY,
    host,
    secret: SECRET,
    pageSize: 100,
    sampleId: uuidOf(1).slice(1, -1),
    addRun: add,
    rerun: (id) => change(id, () => ({ run_number: 2, state: STATES.success })),
    deleteRun(id) {
      data.pipelines = data.pipelines.filter((each) => idOf(each) !== id);
    },
    spoilRun: (id) =>
      change(id, ({ target }) => ({
        target: { ...target, commit: { type: 'commit', hash: '3c80cde6b371' } },
      })),
    addPullRequest: (number, head) => void data.pullRequests.push(createPullRequest(Number(number), head)),
    closePullRequest(number) {
      data.pullRequests = data.pullRequests.map((each) =>
        String(each.id) === number ? { ...each, state: 'MERGED' } : each,
      );
    },
    setStatus(commit, key, state) {
      const others = (data.statuses.get(commit) ?? []).filter((each) => each.key !== key);
      const status = { type: 'build', key, name: `${key} #7`, state: STATUSES[state], url: '' } as const;
      data.statuses.set(commit, [...others, status]);
    },
    addPush(branch, commit) {
      const date = new Date(NOW + ++pushes * 60_000).toISOString();
      const before = data.branches.find((each) => each.name === branch);
      const parents = before === undefined ? [] : [{ type: 'commit', hash: before.target.hash } as const];
      data.commits.unshift({ type: 'commit', hash: commit, date, parents });
      data.branches = data.branches.filter((each) => each !== before);
      data.branches.push({ type: 'branch', name: branch, target: { type: 'commit', hash: commit, date } });
    },
    breakWith(fault) {
      add({ branch: 'main', state: 'success' });
      data.pullRequests.push(createPullRequest(1, 'own'));
      server.fault(FAULTS[fault]);
    },
    skipped: () => skipped,
    requests: () => server.requests.length,
    async close() {
      await server.close();
      server.verify();
    },
  };
}

describeConnection('Bitbucket Cloud', ['gitHost', 'statuses', 'pushLog'], createUpstream);
