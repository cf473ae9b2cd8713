import { circleci as kind } from '../../src/ci/circleci/kind.ts';
import {
  createRun,
  createVcs,
  createWorkflow,
  FORK_URL,
  NOW,
  OWN_URL,
  PROJECT_ID,
  SLUG,
  TOKEN,
} from '../fixtures/circleci/runs.ts';
import { createCircleciServer, type FakeProject, type FakeRun } from '../fixtures/circleci/server.ts';
import { connectKind } from '../fixtures/connect-kind.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { describeConnection } from './ci/suite.ts';
import type { CiUpstream, ContractFault, ContractRun } from './ci/upstream.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const SAMPLE_ID = 'b0000000-0000-4000-8000-000000000001';

const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
  'rejected credentials': { kind: 'status', status: 401, body: '{"message":"Invalid token"}' },
  'a missing permission': { kind: 'status', status: 403 },
  'an unknown repository': { kind: 'status', status: 404 },
  'a rate limit': { kind: 'status', status: 429, headers: { 'retry-after': '5' } },
  'an outage': { kind: 'status', status: 503 },
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
  running: { phase: 'started' },
  success: { phase: 'ended', current_outcome: 'succeeded' },
  unsuccessful: { phase: 'ended', current_outcome: 'failed' },
} as const;

function runOf(number: number, { branch, state, head, pullRequest }: ContractRun): FakeRun {
  const vcs = createVcs(number, {
    branch: head === 'fork' ? `pull/${pullRequest}` : (branch ?? ''),
    origin_repository_url: head === 'fork' ? FORK_URL : head === 'deleted' ? '' : OWN_URL,
  });
  const outcome = state === 'success' ? 'succeeded' : 'failed';
  const { current_outcome: _, ...run } = createRun(number, { event: { type: 'push', vcs } });
  return { ...run, ...STATES[state], workflows: [createWorkflow(number, { outcome })] };
}

async function createUpstream(): Promise<CiUpstream> {
  const server = await createCircleciServer(TOKEN, { now: () => NOW });
  const project: FakeProject = { id: PROJECT_ID, runs: [], checkouts: [] };
  server.projects.set(SLUG, project);
  const { url } = server;
  const connect = { url, token: TOKEN, now: () => NOW };
  const ports = connectKind('circleci', kind, connect);
  let last = 0;
  const add = (run: FakeRun) => {
    project.runs.unshift(run);
    return run.id;
  };
  const change = (id: string, update: (run: FakeRun) => Partial<FakeRun>) => {
    project.runs = project.runs.map((run) => (run.id === id ? { ...run, ...update(run) } : run));
  };
  return {
    kind,
    claims: { total: false, validator: false, workflows: true, pullRequestRuns: 'name the branch' },
    ports,
    impatient: connectKind('circleci', kind, { ...connect, timeoutMs: 50 }),
    gitRepository: SLUG,
    host: ports.host,
    secret: TOKEN,
    pageSize: 20,
    sampleId: SAMPLE_ID,
    addRun: (run) => add(runOf(++last, run)),
    rerun: (id) =>
      change(id, ({ workflows }) => ({ ...STATES.success, workflows: [...workflows, createWorkflow(500)] })),
    deleteRun(id) {
      project.runs = project.runs.filter((run) => run.id !== id);
    },
    spoilRun: (id) => change(id, () => ({ event: { vcs: createVcs(1, { revision: 'HEAD' }) } })),
    breakWith(fault) {
      add(createRun(600, { id: SAMPLE_ID }));
      server.fault(FAULTS[fault]);
    },
    requests: () => server.requests.length,
    async close() {
      await server.close();
      server.verify();
    },
    skipped: () => ports.skipped.length,
  };
}

describeConnection('CircleCI', [], createUpstream);
