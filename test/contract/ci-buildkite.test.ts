import { buildkite as kind } from '../../src/ci/buildkite/kind.ts';
import {
  createBuild,
  FORK_HEAD,
  isoTime,
  NOW,
  OWN_HEAD,
  PIPELINE,
  REPOSITORY,
  TOKEN,
} from '../fixtures/buildkite/builds.ts';
import { createBuildkiteServer, type FakeBuild, type FakePipeline } from '../fixtures/buildkite/server.ts';
import { connectKind } from '../fixtures/connect-kind.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { describeConnection } from './ci/suite.ts';
import type { CiUpstream, ContractFault, ContractRun } from './ci/upstream.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const SAMPLE_ID = `${PIPELINE}#1000`;

const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
  'rejected credentials': { kind: 'status', status: 401 },
  'a missing permission': { kind: 'status', status: 403 },
  'an unknown repository': { kind: 'status', status: 404, body: '{"message":"No pipeline found"}' },
  'a rate limit': {
    kind: 'status',
    status: 429,
    headers: { 'ratelimit-user-remaining': '0', 'ratelimit-user-limit': '50', 'ratelimit-user-reset': '42' },
  },
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

const STATES = { running: 'running', success: 'passed', unsuccessful: 'failed' } as const;
const HEADS = { fork: FORK_HEAD, deleted: '' };

function buildOf(number: number, { branch, state, head, pullRequest }: ContractRun): FakeBuild {
  const repository = head === undefined ? OWN_HEAD : HEADS[head];
  return createBuild(number, {
    state: STATES[state],
    branch: branch ?? '',
    pull_request: pullRequest === undefined ? null : { id: pullRequest, base: 'main', repository },
    ...(state === 'running' && { finished_at: null }),
  });
}

function idOf({ number }: FakeBuild): string {
  return `${PIPELINE}#${number}`;
}

async function createUpstream(): Promise<CiUpstream> {
  const server = await createBuildkiteServer(TOKEN, { now: () => NOW });
  const pipeline: FakePipeline = { repository: REPOSITORY, builds: [] };
  server.pipelines.set(PIPELINE, pipeline);
  const { url } = server;
  const connect = { url, token: TOKEN, now: () => NOW };
  const ports = connectKind('buildkite', kind, connect);
  let last = 0;
  const change = (id: string, update: Partial<FakeBuild>) => {
    pipeline.builds = pipeline.builds.map((build) => (idOf(build) === id ? { ...build, ...update } : build));
  };
  return {
    kind,
    claims: {
      total: false,
      validator: false,
      workflows: true,
      attempts: false,
      pullRequestRuns: 'name the branch',
    },
    ports,
    impatient: connectKind('buildkite', kind, { ...connect, timeoutMs: 50 }),
    gitRepository: PIPELINE,
    host: ports.host,
    secret: TOKEN,
    pageSize: 100,
    sampleId: SAMPLE_ID,
    addRun(run) {
      const build = buildOf(++last, run);
      pipeline.builds.unshift(build);
      return idOf(build);
    },
    rerun: (id) => change(id, { state: 'passed', finished_at: isoTime(NOW + 1_000_000_000) }),
    deleteRun(id) {
      pipeline.builds = pipeline.builds.filter((build) => idOf(build) !== id);
    },
    spoilRun: (id) => change(id, { commit: 'HEAD' }),
    breakWith(fault) {
      pipeline.builds.unshift(createBuild(1000));
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

describeConnection('Buildkite', [], createUpstream);
