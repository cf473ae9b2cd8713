import { Agent } from 'undici';
import { bitbucketServer as kind } from '../../src/ci/bitbucket-server/kind.ts';
import {
  createFakeBitbucketServer,
  createServerBuild,
  createServerPullRequest,
  pushToServer,
} from '../fixtures/bitbucket-server/fake-bitbucket-server.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { describeConnection } from './ci/suite.ts';
import type { CiUpstream, ContractFault } from './ci/upstream.ts';

const REPOSITORY = 'SHOP/front';
const SECRET = 'sesame';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const JSON_TYPE = { 'content-type': 'application/json;charset=UTF-8' };
const HTML = { 'content-type': 'text/html' };

function fail(status: number, exception: string, headers: Record<string, string> = {}): FakeFault {
  const errors = [{ context: null, message: 'No.', exceptionName: `com.atlassian.bitbucket.${exception}` }];
  return { kind: 'status', status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify({ errors }) };
}

const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
  'rejected credentials': fail(401, 'auth.IncorrectPasswordAuthenticationException'),
  'a missing permission': fail(401, 'AuthorisationException'),
  'an unknown repository': fail(404, 'repository.NoSuchRepositoryException'),
  'a rate limit': fail(429, 'RequestRateLimitedException', { 'retry-after': '5' }),
  'an outage': { kind: 'status', status: 503, headers: HTML, body: '<html>Starting</html>' },
  'an HTML page': { kind: 'status', status: 200, headers: HTML, body: '<html>Log in</html>' },
  'an empty body': { kind: 'status', status: 200, headers: JSON_TYPE },
  'another shape': { kind: 'status', status: 200, headers: JSON_TYPE, body: '{"message":"ok"}' },
};

const STATUSES = { success: 'SUCCESSFUL', pending: 'INPROGRESS', unsuccessful: 'CANCELLED' } as const;

const noRuns = (): never => {
  throw new Error('Bitbucket Data Center has no runs');
};

async function createUpstream(): Promise<CiUpstream> {
  const server = await createFakeBitbucketServer(REPOSITORY, SECRET);
  const { url, host, data } = server;
  const agent = new Agent();
  const observer = { requested: () => undefined, quota: () => undefined };
  const deps = { now: () => NOW, env: { BITBUCKET_TOKEN: SECRET }, warn: () => undefined };
  const auth = { kind: 'token', source: { env: 'BITBUCKET_TOKEN' } } as const;
  const connect = (timeoutMs: number) =>
    kind.connect(
      { name: 'bit', kind: 'bitbucket-server', url, auth },
      { ...deps, observer, timeoutMs, dispatcherFor: () => agent },
    );
  let pushes = 0;
  return {
    kind,
    claims: { total: false, validator: false, workflows: false, pullRequestRuns: 'name the branch' },
    ports: connect(10_000),
    impatient: connect(50),
    gitRepository: REPOSITORY,
    host,
    secret: SECRET,
    pageSize: 100,
    sampleId: '',
    addRun: noRuns,
    rerun: noRuns,
    deleteRun: noRuns,
    spoilRun: noRuns,
    skipped: () => 0,
    addPullRequest: (number, head) =>
      void data.pullRequests.push(createServerPullRequest(Number(number), head)),
    closePullRequest(number) {
      for (const each of data.pullRequests) if (String(each.id) === number) each.state = 'DECLINED';
    },
    setStatus(commit, key, state) {
      const others = data.builds.filter((each) => each.commit !== commit || each.status.key !== key);
      data.builds = [createServerBuild(commit, key, STATUSES[state]), ...others];
    },
    addPush: (branch, commit) => pushToServer(server, branch, commit, NOW + ++pushes * 60_000),
    addPushToTag: (tag, commit) => void data.refs.set(`refs/tags/${tag}`, commit),
    deleteBranch: (branch) => void data.refs.delete(`refs/heads/${branch}`),
    breakWith(fault) {
      data.pullRequests.push(createServerPullRequest(1, 'own'));
      pushToServer(server, 'main', 'b'.repeat(40), NOW);
      data.builds = [createServerBuild('a'.repeat(40), 'build', 'SUCCESSFUL')];
      server.fault(FAULTS[fault]);
    },
    requests: () => server.requests.length,
    async close() {
      await server.close();
      server.verify();
    },
  };
}

describeConnection('Bitbucket Data Center', ['gitHost', 'statuses', 'pushLog'], createUpstream, {
  hasRuns: false,
});
