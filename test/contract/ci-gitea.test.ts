import { Agent } from 'undici';
import { forgejo, gitea } from '../../src/ci/gitea/kind.ts';
import { createFakeGitea, type FakeGitea } from '../fixtures/gitea/fake-gitea.ts';
import type { FakeGiteaRun } from '../fixtures/gitea/records.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { describeConnection } from './ci/suite.ts';
import type { CiUpstream, ContractFault, ContractRun } from './ci/upstream.ts';

const REPOSITORY = 'acme/shop';
const SECRET = 'sesame';
const NOW = Date.parse('2026-01-02T00:00:00Z');
const START = Date.parse('2026-01-01T00:00:00Z');
const MINUTE = 60_000;
const JSON_TYPE = { 'content-type': 'application/json;charset=utf-8' };

const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
  'rejected credentials': failing(401, '{"message":"invalid username, password or token"}'),
  'a missing permission': failing(403, '{"message":"token does not have at least one of required scope(s)"}'),
  'an unknown repository': failing(404, '{"errors":null,"message":"not found"}'),
  'a rate limit': { kind: 'status', status: 429, headers: { 'retry-after': '60' } },
  'an outage': {
    kind: 'status',
    status: 502,
    headers: { 'content-type': 'text/html' },
    body: '<html></html>',
  },
  'an HTML page': {
    kind: 'status',
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<!DOCTYPE html><html></html>',
  },
  'an empty body': { kind: 'status', status: 200, headers: JSON_TYPE },
  'another shape': failing(200, '{"message":"ok"}'),
};

function failing(status: number, body: string): FakeFault {
  return { kind: 'status', status, headers: JSON_TYPE, body };
}

const STATES = { running: 'in_progress', success: 'success', unsuccessful: 'failure' } as const;

function createRun(id: number, { branch, state, head, pullRequest }: ContractRun): FakeGiteaRun {
  const begun = START + id * MINUTE;
  const isRunning = state === 'running';
  const number = pullRequest ?? (branch === null ? '99' : undefined);
  return {
    id,
    ref: number === undefined ? `refs/heads/${branch}` : `refs/pull/${number}/head`,
    event: number === undefined ? 'push' : 'pull_request',
    commit: id.toString(16).padStart(40, '0'),
    state: STATES[state],
    created: begun,
    started: begun,
    stopped: isRunning ? 0 : begun + 10_000,
    updated: begun + 10_000,
    attempt: 1,
    workflow: 'build.yml',
    head: head ?? 'own',
  };
}

function fill({ data }: FakeGitea) {
  let last = 0;
  let pushes = 0;
  const change = (id: string, update: Partial<FakeGiteaRun>) => {
    data.runs = data.runs.map((run) => (String(run.id) === id ? { ...run, ...update } : run));
  };
  return {
    change,
    addRun(run: ContractRun) {
      last++;
      data.runs.unshift(createRun(last, run));
      return String(last);
    },
    addPush(branch: string, commit: string) {
      const before = data.commits.get(branch) ?? [];
      const date = new Date(START + ++pushes * 1000).toISOString();
      const parents = before.slice(0, 1).map(({ sha }) => sha);
      data.commits.set(branch, [{ sha: commit, date, parents }, ...before]);
    },
    // Branches alone are listed.
    addPushToTag: () => undefined,
    deleteBranch: (branch: string) => void data.commits.delete(branch),
  };
}

async function createUpstream(kind: typeof gitea | typeof forgejo, version: string): Promise<CiUpstream> {
  const api = kind === gitea ? 'gitea' : 'forgejo';
  const server = await createFakeGitea({ api, version, token: SECRET, now: () => NOW, path: '/git' });
  const { url, data } = server;
  data.commits.set('main', []);
  const agent = new Agent();
  let skipped = 0;
  const observer = {
    requested: () => undefined,
    quota: () => undefined,
    skipped: (_connection: string, count: number) => void (skipped += count),
  };
  const env = { TOKEN: SECRET };
  const connect = (timeoutMs: number) =>
    kind.connect(
      { name: 'forge', kind: api, url, auth: { kind: 'token', source: { env: 'TOKEN' } } },
      { now: () => NOW, env, warn: () => undefined, observer, timeoutMs, dispatcherFor: () => agent },
    );
  const { change, ...pushes } = fill(server);
  return {
    ...pushes,
    kind,
    claims: {
      total: true,
      validator: false,
      workflows: true,
      pullRequestRuns: 'name the number',
      attempts: kind === gitea,
    },
    ports: connect(10_000),
    impatient: connect(50),
    gitRepository: REPOSITORY,
    host: new URL(url).host,
    secret: SECRET,
    pageSize: 50,
    sampleId: '1',
    rerun(id) {
      const again = NOW - MINUTE;
      const times = { started: again, stopped: again + 1000, updated: again + 1000 };
      change(id, { attempt: 2, state: 'success', ...times });
    },
    deleteRun(id) {
      data.runs = data.runs.filter((run) => String(run.id) !== id);
    },
    spoilRun: (id) => change(id, { commit: 'HEAD' }),
    addPullRequest: (number, head) =>
      void data.pulls.unshift({ number: Number(number), head, state: 'open', branch: 'feature' }),
    closePullRequest(number) {
      data.pulls = data.pulls.map((pull) =>
        pull.number === Number(number) ? { ...pull, state: 'closed' } : pull,
      );
    },
    setStatus(commit, context, state) {
      const status = state === 'unsuccessful' ? 'failure' : state;
      data.statuses.set(commit, [...(data.statuses.get(commit) ?? []), { context, status }]);
    },
    breakWith(fault) {
      pushes.addRun({ branch: 'main', state: 'success' });
      data.pulls.unshift({ number: 1, head: 'own', state: 'open', branch: 'feature' });
      server.fault(FAULTS[fault]);
    },
    requests: () => server.requests.length,
    async close() {
      await server.close();
      server.verify();
    },
    skipped: () => skipped,
  };
}

const PORTS = ['gitHost', 'statuses', 'pushLog'] as const;
describeConnection('Gitea Actions', PORTS, () => createUpstream(gitea, '1.27.3'));
describeConnection('Forgejo Actions', PORTS, () => createUpstream(forgejo, '15.0.1+gitea-1.22.0'));
