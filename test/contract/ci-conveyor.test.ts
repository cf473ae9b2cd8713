import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import { describeConnection } from './ci/suite.ts';
import { TRANSPORT_FAULTS, type CiUpstream, type ContractFault, type ContractRun } from './ci/upstream.ts';
import { conveyor as kind } from './conveyor/kind.ts';
import { createConveyorServer, PAGE_SIZE, type ConveyorBuild } from './conveyor/server.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';

const REPOSITORY = 'acme/shop';
const SECRET = 'sesame';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const JSON_TYPE = { 'content-type': 'application/json' };
const SAMPLE_ID = randomUUID();

const FAULTS: Record<ContractFault, FakeFault> = {
  ...TRANSPORT_FAULTS,
  'rejected credentials': { kind: 'status', status: 401 },
  'a missing permission': { kind: 'status', status: 403 },
  'an unknown repository': { kind: 'status', status: 404 },
  'a rate limit': { kind: 'status', status: 429, headers: { 'retry-after': '60' } },
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

const DEPS = {
  now: () => NOW,
  env: { CONVEYOR_TOKEN: SECRET },
  warn: () => undefined,
};

const STATES = { running: 'running', success: 'passed', unsuccessful: 'failed' } as const;
const REPOSITORIES = { own: REPOSITORY, fork: 'stranger/shop', deleted: null };

function createBuild(number: number, run: ContractRun, id: string): ConveyorBuild {
  const { branch, state, head = 'own', pullRequest } = run;
  const time = new Date(NOW + number * 60_000).toISOString();
  return {
    id,
    number,
    retries: 0,
    state: STATES[state],
    commit: number.toString(16).padStart(40, '0'),
    branch,
    pull_request:
      pullRequest === undefined ? null : { number: Number(pullRequest), repository: REPOSITORIES[head] },
    trigger: 'webhook',
    created_at: time,
    finished_at: state === 'running' ? null : time,
    url: `https://conveyor.test/${REPOSITORY}/builds/${number}`,
  };
}

async function createUpstream(): Promise<CiUpstream> {
  const server = await createConveyorServer(REPOSITORY, SECRET);
  const { url, data } = server;
  const agent = new Agent();
  let skipped = 0;
  const observer = {
    requested: () => undefined,
    quota: () => undefined,
    skipped: (_connection: string, count: number) => void (skipped += count),
  };
  const connect = (timeoutMs: number) =>
    kind.connect(
      { name: 'conveyor', kind: 'conveyor', url, auth: { kind: 'token', source: { env: 'CONVEYOR_TOKEN' } } },
      { ...DEPS, observer, timeoutMs, dispatcherFor: () => agent },
    );
  let last = 0;
  const add = (run: ContractRun, id: string = randomUUID()) => {
    data.builds.unshift(createBuild(++last, run, id));
    return id;
  };
  const change = (id: string, update: Partial<ConveyorBuild>) => {
    data.builds = data.builds.map((build) => (build.id === id ? { ...build, ...update } : build));
  };
  return {
    kind,
    claims: { total: false, validator: false, workflows: false, pullRequestRuns: 'name the number' },
    ports: connect(10_000),
    impatient: connect(50),
    now: DEPS.now,
    connect: () => connect(10_000),
    gitRepository: REPOSITORY,
    host: new URL(url).host,
    secret: SECRET,
    pageSize: PAGE_SIZE,
    sampleId: SAMPLE_ID,
    addRun: (run) => add(run),
    rerun: (id) => change(id, { retries: 1, state: 'passed' }),
    deleteRun(id) {
      data.builds = data.builds.filter((build) => build.id !== id);
    },
    spoilRun: (id) => change(id, { commit: 'HEAD' }),
    setStatus(commit, name, state) {
      const result = ({ success: 'ok', pending: 'waiting', unsuccessful: 'error' } as const)[state];
      data.checks.set(commit, [...(data.checks.get(commit) ?? []), { name, result }]);
    },
    breakWith(fault) {
      add({ branch: 'main', state: 'success' }, SAMPLE_ID);
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

describeConnection('Conveyor', ['statuses'], createUpstream);
