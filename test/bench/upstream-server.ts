/** A child process: a GitHub and a registry with many branches, each answer late by so many milliseconds, each request counted. */
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const [branchCount = '1000', latency = '50'] = process.argv.slice(2);

interface BenchRun {
  readonly id: number;
  readonly branch: string;
  readonly commit: string;
  readonly createdAt: number;
}

/** Newest first. */
let runs: BenchRun[] = [];
const counts = { ci: 0, free: 0, registry: 0 };

for (let branch = Number(branchCount) - 1; branch >= 0; branch--) build(branch);

function build(branch: number): void {
  const id = 30_000_000_000 + runs.length;
  const commit = createHash('sha1').update(`${id}`).digest('hex');
  const createdAt = Date.UTC(2026, 0, 1) + runs.length * 60_000;
  runs = [{ id, branch: `branch-${branch}`, commit, createdAt }, ...runs];
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://upstream');
  const answer = url.pathname.startsWith('/v2/') ? answerRegistry : answerCi;
  setTimeout(() => answer(url, request.headers['if-none-match'], response), Number(latency));
});

function answerCi(url: URL, validator: string | undefined, response: ServerResponse): void {
  const branch = url.searchParams.get('branch');
  const page = Number(url.searchParams.get('page') ?? 1);
  const all = branch === null ? runs : runs.filter((run) => run.branch === branch);
  const etag = `"${all[0]?.id}-${page}"`;
  if (validator === etag) {
    counts.free += 1;
    response.writeHead(304, { etag }).end();
    return;
  }
  counts.ci += 1;
  const link = all.length > page * 100 ? { link: `<${url.href}>; rel="next"` } : {};
  response.writeHead(200, { 'content-type': 'application/json', etag, ...link });
  const shown = all.slice((page - 1) * 100, page * 100).map(describe);
  response.end(JSON.stringify({ total_count: all.length, workflow_runs: shown }));
}

function describe({ id, branch, commit, createdAt }: BenchRun): object {
  const repository = { id: 1, full_name: 'acme/shop' };
  const time = new Date(createdAt).toISOString();
  return {
    id,
    name: 'build',
    head_branch: branch,
    head_sha: commit,
    path: '.github/workflows/build.yml',
    run_number: 1,
    run_attempt: 1,
    event: 'push',
    status: 'completed',
    conclusion: 'success',
    workflow_id: 1,
    html_url: `https://github.com/acme/shop/actions/runs/${id}`,
    created_at: time,
    updated_at: time,
    run_started_at: time,
    head_commit: { id: commit, timestamp: time },
    repository,
    head_repository: repository,
  };
}

function answerRegistry(url: URL, _validator: string | undefined, response: ServerResponse): void {
  counts.registry += 1;
  const digest = createHash('sha256').update(url.pathname).digest('hex');
  response.writeHead(200, {
    'content-type': 'application/vnd.oci.image.index.v1+json',
    'docker-content-digest': `sha256:${digest}`,
    'content-length': 2,
  });
  response.end();
}

/** What the bench asks of this process. */
type Order = { readonly kind: 'counts' } | { readonly kind: 'build'; readonly branch: number };

process.on('message', (order: Order) => {
  if (order.kind === 'build') build(order.branch);
  process.send?.({ ...counts });
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
