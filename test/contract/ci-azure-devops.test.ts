import { Agent } from 'undici';
import { azureDevOps as kind } from '../../src/ci/azure-devops/kind.ts';
import { PAGE_SIZE } from '../../src/ci/azure-devops/provider.ts';
import {
  commitOf,
  createFakeBuild,
  createFakePullRequest,
  FORK_ID,
  NO_COMMIT,
  pullRequestParts,
  REPOSITORY,
  REPOSITORY_ID,
  timeOf,
  type FakeBuild,
} from '../fixtures/azure-devops/data.ts';
import { createFakeAzureDevOps } from '../fixtures/azure-devops/fake-azure-devops.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { describeConnection } from './ci/suite.ts';
import type { CiUpstream, ContractFault, ContractRun } from './ci/upstream.ts';

const SECRET = 'sesame';
const NOW = Date.parse('2026-01-02T00:00:00Z');
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8; api-version=6.0' };
const HTML_TYPE = { 'content-type': 'text/html; charset=utf-8' };
const SAMPLE = 1_000_000;

const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
  'rejected credentials': {
    kind: 'status',
    status: 302,
    headers: { location: 'https://spsprodeus2.vssps.visualstudio.com/_signin?realm=dev.azure.com' },
  },
  'a missing permission': {
    kind: 'status',
    status: 403,
    headers: JSON_TYPE,
    body: '{"$id":"1","message":"VS403403: needs permissions","typeKey":"AccessDeniedException"}',
  },
  'an unknown repository': {
    kind: 'status',
    status: 404,
    headers: JSON_TYPE,
    body: '{"$id":"1","message":"TF401019","typeKey":"GitRepositoryNotFoundException"}',
  },
  'a rate limit': {
    kind: 'status',
    status: 429,
    headers: { 'retry-after': '60' },
    body: 'TF400733: The request has been canceled.',
  },
  'an outage': { kind: 'status', status: 503, headers: HTML_TYPE, body: '<html></html>' },
  'an HTML page': { kind: 'status', status: 200, headers: HTML_TYPE, body: '<html></html>' },
  'an empty body': { kind: 'status', status: 200, headers: JSON_TYPE },
  'another shape': { kind: 'status', status: 200, headers: JSON_TYPE, body: '{"message":"ok"}' },
};

const STATES = {
  running: { status: 'inProgress', result: undefined, finishTime: undefined },
  success: {},
  unsuccessful: { result: 'failed' },
} as const;

const STATUS_STATES = { success: 'succeeded', pending: 'pending', unsuccessful: 'failed' } as const;
/** A server that does not say whether it is a fork leaves `pr.isFork` out. */
const IS_FORK = { own: 'False', fork: 'True', deleted: undefined } as const;

function createBuild(id: number, { branch, state, head, pullRequest }: ContractRun): FakeBuild {
  const ref = branch === null ? {} : { sourceBranch: `refs/heads/${branch}` };
  const parts =
    pullRequest === undefined
      ? ref
      : pullRequestParts(pullRequest, commitOf(id + 500), IS_FORK[head ?? 'own']);
  const { sourceBranch: _, ...build } = createFakeBuild(id, STATES[state] as Partial<FakeBuild>);
  return { ...build, ...parts };
}

async function createUpstream(): Promise<CiUpstream> {
  const server = await createFakeAzureDevOps({ token: SECRET });
  const { url, data } = server;
  data.definitions = [{ id: 12, name: 'shop-ci', path: '\\team\\front', queueStatus: 'enabled' }];
  const agent = new Agent();
  let skipped = 0;
  const observer = {
    requested: () => undefined,
    quota: () => undefined,
    skipped: (_connection: string, count: number) => void (skipped += count),
  };
  const env = { AZURE_DEVOPS_TOKEN: SECRET };
  const deps = { now: () => NOW, env, warn: () => undefined, observer, dispatcherFor: () => agent };
  const auth = { kind: 'token', source: { env: 'AZURE_DEVOPS_TOKEN' } } as const;
  const connect = (timeoutMs: number) =>
    kind.connect({ name: 'azure', kind: 'azure-devops', url, auth }, { ...deps, timeoutMs });
  let last = 0;
  const add = (run: ContractRun, id: number) => {
    data.builds.push(createBuild(id, run));
    return String(id);
  };
  const change = (id: string, update: Partial<FakeBuild>) => {
    data.builds = data.builds.map((build) => (String(build.id) === id ? { ...build, ...update } : build));
  };
  const push = (name: string, newObjectId: string) => {
    const pushId = data.pushes.length + 1;
    const update = { repositoryId: REPOSITORY_ID, name, oldObjectId: NO_COMMIT, newObjectId };
    data.pushes.push({ pushId, date: timeOf(pushId), refUpdates: [update] });
  };
  return {
    kind,
    claims: {
      total: false,
      validator: false,
      workflows: true,
      pullRequestRuns: 'name the number',
      attempts: false,
    },
    ports: connect(10_000),
    impatient: connect(50),
    gitRepository: REPOSITORY,
    host: new URL(url).host,
    secret: SECRET,
    pageSize: PAGE_SIZE,
    lookUps: 1,
    sampleId: String(SAMPLE),
    addRun: (run) => add(run, ++last),
    rerun: (id) => change(id, { result: 'succeeded', finishTime: timeOf(last + 10) }),
    deleteRun(id) {
      data.builds = data.builds.filter((build) => String(build.id) !== id);
    },
    spoilRun: (id) => change(id, { sourceVersion: null }),
    addPullRequest(number, head) {
      const repository = head === 'fork' ? { id: FORK_ID } : null;
      const fork = head === 'own' ? {} : { forkSource: { name: 'refs/heads/feature', repository } };
      data.pullRequests.push(createFakePullRequest(Number(number), fork));
    },
    closePullRequest(number) {
      data.pullRequests = data.pullRequests.map((each) =>
        String(each.pullRequestId) === number ? { ...each, status: 'completed' } : each,
      );
    },
    setStatus(commit, name, state) {
      const history = data.statuses.get(commit) ?? [];
      const id = history.length + 1;
      const status = { id, state: STATUS_STATES[state], context: { name }, creationDate: timeOf(id) };
      data.statuses.set(commit, [...history, status]);
    },
    addPush: (branch, commit) => push(`refs/heads/${branch}`, commit),
    addPushToTag: (tag, commit) => push(`refs/tags/${tag}`, commit),
    deleteBranch: (branch) => push(`refs/heads/${branch}`, NO_COMMIT),
    breakWith(fault) {
      add({ branch: 'main', state: 'success' }, SAMPLE);
      data.pullRequests.push(createFakePullRequest(1));
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

describeConnection('Azure DevOps', ['gitHost', 'statuses', 'pushLog'], createUpstream);
