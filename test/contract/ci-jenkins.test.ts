import { Agent } from 'undici';
import { jenkins as kind } from '../../src/ci/jenkins/kind.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import {
  branchRevision,
  buildData,
  commitOf,
  createBuild,
  MINUTE,
  pullRevision,
  START,
} from '../fixtures/jenkins/data.ts';
import { createJenkinsServer, type JenkinsJob } from '../fixtures/jenkins/server.ts';
import { describeConnection } from './ci/suite.ts';
import type { CiUpstream, ContractFault, ContractRun } from './ci/upstream.ts';

const PIPELINE = 'acme/shop';
const SECRET = 'sesame';
const HTML = { 'content-type': 'text/html;charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json;charset=utf-8' };
const SAMPLE_JOB = 'main';
const SAMPLE_NUMBER = 9000;

const FAULTS: Record<ContractFault, FakeFault> = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
  'rejected credentials': { kind: 'status', status: 401, headers: HTML, body: '<html>Unauthorized' },
  'a missing permission': {
    kind: 'status',
    status: 403,
    headers: HTML,
    body: '<html>bot is missing the Overall/Read',
  },
  'an unknown repository': { kind: 'status', status: 404, headers: HTML, body: '<html>Not Found' },
  // Of a proxy, since Jenkins itself has no limit.
  'a rate limit': { kind: 'status', status: 429, headers: { 'retry-after': '60' } },
  'an outage': { kind: 'status', status: 503, headers: HTML, body: '<html>Jenkins is getting ready to work' },
  'an HTML page': { kind: 'status', status: 200, headers: HTML, body: '<html>Sign in' },
  'an empty body': { kind: 'status', status: 200, headers: JSON_TYPE },
  'another shape': { kind: 'status', status: 200, headers: JSON_TYPE, body: '{"message":"ok"}' },
};

const RESULTS = { running: null, success: 'SUCCESS', unsuccessful: 'FAILURE' } as const;

/** The name that the plugin branch-api gives the job. */
function jobNameOf({ branch, pullRequest }: ContractRun): string {
  if (pullRequest !== undefined) return `PR-${pullRequest}`;
  return branch === null ? '%00' : encodeURIComponent(branch).replaceAll(/%(?:20|26)/g, decodeURIComponent);
}

async function createUpstream(): Promise<CiUpstream> {
  const server = await createJenkinsServer(PIPELINE, SECRET);
  const { url, data } = server;
  const agent = new Agent();
  let skipped = 0;
  // Time passes with each change, so that none is hidden by what a look-up still knows.
  let now = START;
  const observer = {
    requested: () => undefined,
    quota: () => undefined,
    skipped: (_connection: string, count: number) => void (skipped += count),
  };
  const env = { JENKINS_TOKEN: SECRET };
  const auth = { kind: 'token', username: 'bot', source: { env: 'JENKINS_TOKEN' } } as const;
  const connect = (timeoutMs: number) =>
    kind.connect(
      { name: 'jenkins', kind: 'jenkins', url, auth },
      {
        now: () => now,
        env,
        warn: () => undefined,
        observer,
        timeoutMs,
        dispatcherFor: () => agent,
      },
    );
  let created = 0;
  const add = (run: ContractRun, number?: number) => {
    const name = jobNameOf(run);
    let job = data.jobs.find((each) => each.name === name);
    if (job === undefined) {
      job = {
        _class: 'org.jenkinsci.plugins.workflow.job.WorkflowJob',
        name,
        builds: [],
      } satisfies JenkinsJob;
      data.jobs = [...data.jobs, job].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    }
    created += 1;
    now += MINUTE;
    const commit = commitOf(created);
    const revision =
      run.pullRequest === undefined ? branchRevision(commit, name) : pullRevision(commit, name);
    const build = createBuild({
      number: number ?? (job.builds[0]?.number ?? 0) + 1,
      timestamp: START + created * MINUTE,
      building: run.state === 'running',
      result: RESULTS[run.state],
      actions: [
        {},
        buildData('f'.repeat(40), 'master', 'https://git.example.com/acme/library.git'),
        revision,
      ],
    });
    job.builds.unshift(build);
    return `${name}#${build.number}`;
  };
  const change = (id: string, update: (builds: JenkinsJob['builds'], number: number) => void) => {
    const [name, number] = id.split('#');
    now += MINUTE;
    for (const job of data.jobs) if (job.name === name) update(job.builds, Number(number));
  };
  return {
    kind,
    claims: { total: false, validator: false, workflows: true, pullRequestRuns: 'name the number' },
    ports: connect(10_000),
    impatient: connect(50),
    gitRepository: PIPELINE,
    host: new URL(url).host,
    secret: SECRET,
    pageSize: 10,
    sampleId: `${SAMPLE_JOB}#${SAMPLE_NUMBER}`,
    addRun: (run) => add(run),
    deleteRun: (id) =>
      change(
        id,
        (builds, number) =>
          void builds.splice(
            builds.findIndex((each) => each.number === number),
            1,
          ),
      ),
    spoilRun: (id) =>
      change(id, (builds, number) => {
        for (const build of builds) if (build.number === number) build.actions = [{}];
      }),
    skipped: () => skipped,
    breakWith(fault) {
      add({ branch: SAMPLE_JOB, state: 'success' }, SAMPLE_NUMBER);
      server.fault(FAULTS[fault]);
    },
    requests: () => server.requests.length,
    async close() {
      await server.close();
      server.verify();
    },
  };
}

describeConnection('Jenkins', [], createUpstream);
