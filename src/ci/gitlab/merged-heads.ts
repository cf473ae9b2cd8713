/**
 * Finds the head of a merge request that a merged result or a merge train was made of. Lists only name the
 * merge commit, whose first parent is the target and whose second is the head (gitlab-org/gitlab,
 * app/services/merge_requests/merge_to_ref_service.rb). A train that squashes or rebases has another parent
 * or a single one; then the pipeline's own commit stands for the head.
 */
import { UpstreamError, type UpstreamFailureKind } from '../../errors.ts';
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import { apiPath } from '../../upstream/json-api.ts';
import type { CiClient } from '../client.ts';
import { fetchResource, sourceOf } from './client.ts';
import { buildsMergedResult, mergeRequestOf, type Pipeline } from './schema.ts';
import { parseParents } from './tags.ts';

const MAX_COMMITS = 50_000;
/** Limits the calls for one page. Of each merge request, the newest pipeline matters most. */
const MOST_PER_PAGE = 20;
const MOST_TRIES = 3;
/** The commit is gone, or the token may not read code. The pipeline counts all the same. */
const UNKNOWABLE: ReadonlySet<UpstreamFailureKind> = new Set(['not_found', 'denied']);

export class MergedHeads {
  readonly #client: CiClient;
  /** By the merge commit, which never changes. */
  readonly #heads = createBoundedCache<string>(MAX_COMMITS);
  /** How often a commit could not be read. A new one may not have reached each of GitLab's servers yet. */
  readonly #failures = createBoundedCache<number>(MAX_COMMITS);

  constructor(client: CiClient) {
    this.#client = client;
  }

  of(pipeline: Pipeline): string {
    return buildsMergedResult(pipeline) ? (this.#heads.get(pipeline.sha) ?? pipeline.sha) : pipeline.sha;
  }

  /**
   * Learns the heads of the newest merged result of each merge request, by one call for each unknown one.
   * @param pipelines newest first
   * @throws UpstreamError
   */
  async learn(gitRepository: string, pipelines: readonly Pipeline[]): Promise<void> {
    const merged = pipelines.filter(buildsMergedResult);
    const newest = Map.groupBy(merged, mergeRequestOf).values();
    const unknown = [...newest]
      .flatMap(([first]) => first ?? [])
      .filter(({ sha }) => !this.#heads.has(sha) && (this.#failures.get(sha) ?? 0) < MOST_TRIES)
      .slice(0, MOST_PER_PAGE);
    await Promise.all(unknown.map(({ sha }) => this.#fetchHead(gitRepository, sha)));
  }

  async #fetchHead(gitRepository: string, sha: string): Promise<void> {
    const path = apiPath`/repository/commits/${sha}`;
    try {
      const { data } = await fetchResource(this.#client, { gitRepository, path, what: 'commits' });
      const [, head] = parseParents(data, sourceOf(this.#client));
      this.#heads.set(sha, head ?? sha);
    } catch (error) {
      if (!(error instanceof UpstreamError) || !UNKNOWABLE.has(error.failure.kind)) throw error;
      this.#failures.set(sha, (this.#failures.get(sha) ?? 0) + 1);
    }
  }
}
