/** The CI systems that the demo can play: each serves the builds of one project, with two images. */
import { createPipeline, formatTime, listPipelines, type FakePipeline } from './pipelines.ts';
import { createJsonReply, listenOnLoopback, sendReply, type LoopbackServer } from './loopback-server.ts';
import { createRun, formatTime as formatGitHubTime, listRuns, type FakeRun } from './workflow-runs.ts';

/** A build of a commit. It took half a minute. */
export interface FakeBuild {
  readonly branch: string;
  readonly commit: string;
  readonly conclusion: 'success' | 'failure';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface FakeCi extends LoopbackServer {
  /** For people: `GitHub`. */
  readonly title: string;
  /** The tag that this CI's users usually give an image, as a template. */
  readonly tag: string;
  /** Keys of the configuration, without the images: `connections` and the start of the project's keys. */
  readonly config: readonly string[];
  add(build: FakeBuild): void;
}

/** @param now milliseconds since the epoch */
type CreateFakeCi = (now: () => number) => Promise<FakeCi>;

export const FAKE_CIS = { github: createGitHub, gitlab: createGitLab } satisfies Record<string, CreateFakeCi>;

export type FakeCiKind = keyof typeof FAKE_CIS;

const FIRST_RUN = 29_000_000_411;
const FIRST_PIPELINE = 2_000_000_411;

async function createGitHub(): Promise<FakeCi> {
  const runs: FakeRun[] = [];
  const repository = { id: 1, full_name: 'acme/shop' };
  const server = await listenOnLoopback((request, response) => {
    const url = new URL(request.url ?? '/', 'http://github.demo');
    const known = url.pathname === `/repos/${repository.full_name}/actions/runs`;
    sendReply(response, known ? listRuns(runs, url) : createJsonReply(404, { message: 'Not Found' }));
  });
  return {
    ...server,
    title: 'GitHub',
    tag: 'sha-{commit:7}',
    config: [
      'connections:',
      `  github: {kind: github, url: "http://${server.host}"}`,
      'projects:',
      '  shop:',
      `    repository: ${repository.full_name}`,
      '    workflows: [.github/workflows/build.yml]',
    ],
    add({ branch, commit, conclusion, startedAt }) {
      const created_at = formatGitHubTime(startedAt);
      const given = { head_branch: branch, head_sha: commit, conclusion, created_at };
      runs.push(createRun(repository, FIRST_RUN + runs.length, given));
    },
  };
}

async function createGitLab(now: () => number): Promise<FakeCi> {
  const pipelines: FakePipeline[] = [];
  const project = { id: 1, path_with_namespace: 'acme/web/shop' };
  const root = `/api/v4/projects/${encodeURIComponent(project.path_with_namespace)}/pipelines`;
  const server = await listenOnLoopback((request, response) => {
    const url = new URL(request.url ?? '/', 'http://gitlab.demo');
    const one = pipelines.find(({ id }) => url.pathname === `${root}/${id}`);
    const found = url.pathname === root ? listPipelines(pipelines, url) : one && createJsonReply(200, one);
    const reply = found ?? createJsonReply(404, { message: '404 Not found' });
    const date = new Date(now()).toUTCString();
    sendReply(response, { ...reply, headers: { ...reply.headers, date } });
  });
  return {
    ...server,
    title: 'GitLab',
    // CI_COMMIT_SHORT_SHA
    tag: '{commit:8}',
    config: [
      'connections:',
      `  gitlab: {kind: gitlab, url: "http://${server.host}"}`,
      'projects:',
      '  shop:',
      `    repository: ${project.path_with_namespace}`,
    ],
    add({ branch, commit, conclusion, startedAt }) {
      const status = conclusion === 'success' ? 'success' : 'failed';
      const given = { ref: branch, sha: commit, status, created_at: formatTime(startedAt) };
      pipelines.push(createPipeline(project, FIRST_PIPELINE + pipelines.length, given));
    },
  };
}
