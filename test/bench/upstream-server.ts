/**
 * A child process: a fake GitHub with builds of many branches and a fake registry with their images. It
 * counts requests.
 */
import { createHash } from 'node:crypto';
import { createFakeGitHub } from '../fixtures/github/fake-github.ts';
import { createFakeRegistry } from '../fixtures/registry/fake-registry.ts';
import { imageManifest, LINUX_AMD64 } from '../fixtures/registry/images.ts';

/** The first message that this process gets. */
export interface UpstreamOptions {
  /** Milliseconds that each response takes. */
  readonly latencyMs: number;
  readonly token: string;
  /** Names of Git repositories, each with one build of each branch. */
  readonly repositories: readonly string[];
  readonly branches: number;
}

/** A later message: send the counts, after a new build of a branch. */
export interface UpstreamOrder {
  readonly build?: { readonly repository: string; readonly branch: number };
}

export interface Upstream {
  readonly githubUrl: string;
  readonly registryHost: string;
}

/** Requests so far. */
export interface Counts {
  readonly ci: number;
  /** Answered with 304, which is free of quota. */
  readonly free: number;
  readonly registry: number;
}

const QUOTA = { limit: 1_000_000_000, reset: Date.now() + 3_600_000 };

process.once('message', (options: UpstreamOptions) => void serve(options));
process.on('disconnect', () => process.exit());

async function serve({ latencyMs, token, repositories, branches }: UpstreamOptions): Promise<void> {
  const github = await createFakeGitHub({ latencyMs, token, quota: QUOTA });
  const registry = await createFakeRegistry({
    latencyMs,
    generate: (repository, tag) => imageManifest('oci', LINUX_AMD64, { repository, tag }),
  });
  let builds = 0;
  const build = (repository: string, branch: number) => {
    const commit = createHash('sha1').update(String(++builds)).digest('hex');
    github.addRun(repository, { head_branch: `branch-${branch}`, head_sha: commit });
  };
  for (const repository of repositories) {
    for (let branch = branches - 1; branch >= 0; branch--) build(repository, branch);
  }
  process.on('message', (order: UpstreamOrder) => {
    if (order.build !== undefined) build(order.build.repository, order.build.branch);
    const ci = QUOTA.limit - github.quota.remaining;
    const counts: Counts = {
      ci,
      free: github.requests.length - ci,
      registry: registry.requests.length,
    };
    process.send?.(counts);
  });
  process.send?.({ githubUrl: github.url, registryHost: registry.host } satisfies Upstream);
}
