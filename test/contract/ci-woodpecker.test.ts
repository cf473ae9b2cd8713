import { Agent } from 'undici';
import { woodpecker as kind } from '../../src/ci/woodpecker/kind.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { createPipeline } from '../fixtures/woodpecker/data.ts';
import { createWoodpeckerServer, type WoodpeckerPipeline } from '../fixtures/woodpecker/server.ts';
import { describeConnection } from './ci/suite.ts';
import type { CiUpstream, ContractFault, ContractRun } from './ci/upstream.ts';

const REPOSITORY = 'acme/shop';
const SECRET = 'sesame';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const PAGE_SIZE = 50;
const SAMPLE_ID = '9000';

/** Woodpecker's errors have an empty body, and its web interface answers unknown paths. */
const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
  'rejected credentials': { kind: 'status', status: 401 },
  'a missing permission': { kind: 'status', status: 403 },
  'an unknown repository': { kind: 'status', status: 404 },
  'a rate limit': { kind: 'status', status: 429, headers: { 'retry-after': '60' } },
  'an outage': { kind: 'status', status: 502, headers: { 'content-type': 'text/html' }, body: '<html>' },
  'an HTML page': {
    kind: 'status',
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!doctype html>',
  },
  'an empty body': { kind: 'status', status: 200, headers: JSON_TYPE },
  'another shape': { kind: 'status', status: 200, headers: JSON_TYPE, body: '{"message":"ok"}' },
};

const STATES = { running: 'running', success: 'success', unsuccessful: 'failure' } as const;

function toPipeline(number: number, { branch, state, head, pullRequest }: ContractRun): WoodpeckerPipeline {
  const common = { number, status: STATES[state] };
  if (pullRequest === undefined) return createPipeline({ ...common, branch: branch ?? '' });
  return createPipeline({
    ...common,
    event: 'pull_request',
    branch: 'main',
    ref: `refs/pull/${pullRequest}/head`,
    refspec: `${branch}:main`,
    ...(head !== undefined && { from_fork: true }),
  });
}

async function createUpstream(): Promise<CiUpstream> {
  const server = await createWoodpeckerServer(REPOSITORY, SECRET);
  const { url, data } = server;
  const agent = new Agent();
  let skipped = 0;
  const observer = {
    requested: () => undefined,
    quota: () => undefined,
    skipped: (_connection: string, count: number) => void (skipped += count),
  };
  const env = { WOODPECKER_TOKEN: SECRET };
  const auth = { kind: 'token', source: { env: 'WOODPECKER_TOKEN' } } as const;
  const connect = (timeoutMs: number) =>
    kind.connect(
      { name: 'woodpecker', kind: 'woodpecker', url, auth },
      { now: () => NOW, env, warn: () => undefined, observer, timeoutMs, dispatcherFor: () => agent },
    );
  let last = 0;
  const add = (run: ContractRun, number = ++last) => {
    data.pipelines.push(toPipeline(number, run));
    return String(number);
  };
  return {
    kind,
    claims: { total: false, validator: false, workflows: false, pullRequestRuns: 'name the number' },
    ports: connect(10_000),
    impatient: connect(50),
    gitRepository: REPOSITORY,
    host: new URL(url).host,
    secret: SECRET,
    pageSize: PAGE_SIZE,
    sampleId: SAMPLE_ID,
    addRun: (run) => add(run),
    deleteRun(id) {
      data.pipelines = data.pipelines.filter(({ number }) => number !== Number(id));
    },
    spoilRun(id) {
      for (const pipeline of data.pipelines) if (pipeline.number === Number(id)) pipeline.commit = 'HEAD';
    },
    skipped: () => skipped,
    breakWith(fault) {
      add({ branch: 'main', state: 'success' }, Number(SAMPLE_ID));
      server.fault(FAULTS[fault]);
    },
    requests: () => server.requests.length,
    async close() {
      await server.close();
      server.verify();
    },
  };
}

describeConnection('Woodpecker', [], createUpstream);
