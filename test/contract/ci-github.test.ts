import { Agent } from 'undici';
import { createCiProvider } from '../../src/ci/kinds.ts';
import { createFakeGitHub } from '../fixtures/github/fake-github.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { FORK } from '../fixtures/github/data.ts';
import { describeCiProvider, type CiUpstream, type ContractFault, type ContractRun } from './ci-provider.ts';

const REPOSITORY = 'acme/shop';
const SECRET = 'sesame';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stops coming': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a body that is cut off': { kind: 'truncate' },
  'credentials that are not accepted': {
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

const HEADS = { fork: { head_repository: FORK }, gone: { head_repository: null } };

async function createUpstream(): Promise<CiUpstream> {
  const github = await createFakeGitHub({ token: SECRET });
  github.addRepository(REPOSITORY);
  const auth = { kind: 'token', read: () => SECRET } as const;
  const observer = { requested: () => undefined, quota: () => undefined };
  const agent = new Agent();
  const connect = (timeoutMs: number) =>
    createCiProvider(
      { name: 'hub', kind: 'github', url: github.url, auth },
      { now: () => NOW, timeoutMs, observer, dispatcherFor: () => agent },
    );
  return {
    provider: connect(10_000),
    impatient: connect(50),
    gitRepository: REPOSITORY,
    host: new URL(github.url).host,
    secret: SECRET,
    pageSize: 100,
    addRun: ({ branch, state, head }) => {
      const where = head === undefined ? {} : HEADS[head];
      return String(github.addRun(REPOSITORY, { head_branch: branch, ...STATES[state], ...where }).id);
    },
    deleteRun: (id) => github.deleteRun(REPOSITORY, Number(id)),
    addPullRequest: (number, head) => {
      const repository = { own: undefined, fork: FORK, gone: null }[head];
      github.addPullRequest(REPOSITORY, Number(number), repository);
    },
    breakWith: (fault) => {
      github.addRun(REPOSITORY, { id: 1 });
      github.addPullRequest(REPOSITORY, 1);
      github.fault(FAULTS[fault]);
    },
    requests: () => github.requests.length,
    close: async () => {
      await github.close();
      github.verify();
    },
  };
}

describeCiProvider('GitHub Actions', createUpstream);
