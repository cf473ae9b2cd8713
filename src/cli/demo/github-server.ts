/** A GitHub as small as the demo needs: the run list of one repository. */
import { createServer, type Server } from 'node:http';

/** A run as a person would note it down. */
export interface DemoRun {
  readonly id: number;
  readonly branch: string;
  readonly commit: string;
  readonly conclusion: 'success' | 'failure';
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

const REPOSITORY = 'acme/shop';
const REPOSITORY_ID = 1;

/** @param runs is read at each request, so that new ones show up */
export function createGitHubServer(runs: readonly DemoRun[]): Server {
  return createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://github.demo');
    response.setHeader('content-type', 'application/json');
    if (url.pathname !== `/repos/${REPOSITORY}/actions/runs`) {
      response.writeHead(404).end('{"message":"Not Found"}');
      return;
    }
    const branch = url.searchParams.get('branch');
    const shown = runs
      .filter((run) => branch === null || run.branch === branch)
      .toSorted((a, b) => b.createdAt - a.createdAt);
    response.end(JSON.stringify({ total_count: shown.length, workflow_runs: shown.map(describe) }));
  });
}

/** In the words of GitHub's API ("List workflow runs for a repository"). */
function describe({ id, branch, commit, conclusion, createdAt }: DemoRun): object {
  const created_at = new Date(createdAt).toISOString();
  const finished = new Date(createdAt + 90_000).toISOString();
  return {
    id,
    name: 'build',
    head_branch: branch,
    head_sha: commit,
    path: '.github/workflows/build.yml',
    run_number: id % 1000,
    run_attempt: 1,
    event: 'push',
    status: 'completed',
    conclusion,
    workflow_id: 1,
    html_url: `https://github.com/${REPOSITORY}/actions/runs/${id}`,
    created_at,
    updated_at: finished,
    run_started_at: created_at,
    head_commit: { id: commit, timestamp: new Date(createdAt - 5000).toISOString() },
    repository: { id: REPOSITORY_ID, full_name: REPOSITORY },
    head_repository: { id: REPOSITORY_ID, full_name: REPOSITORY, fork: false },
  };
}
