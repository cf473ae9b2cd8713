/**
 * GitLab's pipelines: https://docs.gitlab.com/api/pipelines/. Child pipelines are not listed; their parent's
 * status stands for them.
 *
 * A method sends further calls for facts that no list says: whether a ref is a tag (`RefKinds`), and the head
 * of a merged result (`MergedHeads`). They are bounded, and answers are kept.
 */
import type { UpstreamError } from '../../errors.ts';
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import type { UnreadRun } from '../../resolve/ports.ts';
import { malformed, malformedError } from '../../upstream/failures.ts';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import type { CiProvider, Cursor, RunPage } from '../provider.ts';
import { changesAfter, changesAfterPage, parseChangesCursor } from './changes.ts';
import { fetchResource, findResource, sourceOf, type ProjectResource } from './client.ts';
import { MergedHeads } from './merged-heads.ts';
import { digitsOf } from './names.ts';
import { PAGE_SIZE, parsePageNumber, placePage } from './page.ts';
import { RefKinds } from './ref-kinds.ts';
import {
  mergeRequestOf,
  parseElements,
  parsePipeline,
  parsePipelines,
  selectPipelines,
  toRunOf,
  type Pipeline,
} from './schema.ts';

const MAX_REPOSITORIES = 5_000;
const ONE = { per_page: 1 };

export function createGitLabProvider(client: CiClient): CiProvider {
  const pipelines = new PipelineReader(client);
  return {
    host: client.host,
    generation: client.generation,
    paging: 'numbered',
    cursorOf: String,
    // Paths of projects are case-insensitive.
    repositoryKey: (gitRepository) => gitRepository.toLowerCase(),
    fetchRuns: (gitRepository, cursor) => pipelines.fetchPage(gitRepository, cursor),
    fetchBranchRuns: (gitRepository, branch, cursor) =>
      pipelines.fetchBranchPage(gitRepository, branch, cursor),
    fetchPullRequestRuns: (gitRepository, number, cursor) =>
      pipelines.fetchMergeRequestPage(gitRepository, number, cursor),
    fetchChanges: (gitRepository, since) => pipelines.fetchChanges(gitRepository, since),
    fetchRun: (gitRepository, id) => pipelines.fetchRun(gitRepository, id),
    probe: (gitRepository) => pipelines.probe(gitRepository),
  };
}

/** A page of pipelines as GitLab sent it. */
interface RawPage {
  readonly response: ApiResponse;
  readonly elements: readonly unknown[];
  readonly pipelines: readonly Pipeline[];
}

/** Each method throws `UpstreamError`. */
class PipelineReader {
  readonly #client: CiClient;
  readonly #refKinds: RefKinds;
  readonly #heads: MergedHeads;
  /** GitLab's ids of projects, by repository. */
  readonly #projectIds = createBoundedCache<string>(MAX_REPOSITORIES);

  constructor(client: CiClient) {
    this.#client = client;
    this.#refKinds = new RefKinds(client);
    this.#heads = new MergedHeads(client);
  }

  async fetchPage(gitRepository: string, cursor: Cursor | undefined): Promise<RunPage> {
    const page = parsePageNumber(cursor);
    const raw = await this.#fetch(gitRepository, { per_page: PAGE_SIZE, page });
    const place = this.#place(raw, page);
    const clock = parseDate(raw.response.headers);
    const changes = page === 1 ? changesAfter(clock) : undefined;
    return { ...(await this.#toRuns(gitRepository, raw)), ...place, clock, changes };
  }

  /**
   * `ref` may also select pipelines of merge requests, forks' included, whose source branch has this name
   * (gitlab-org/gitlab, app/finders/concerns/ci/pipeline_ref_filter_including_reserved_ref_names.rb).
   */
  async fetchBranchPage(gitRepository: string, branch: string, cursor: Cursor | undefined): Promise<RunPage> {
    const page = parsePageNumber(cursor);
    const raw = await this.#fetch(gitRepository, { ref: branch, per_page: PAGE_SIZE, page });
    const others = new Set<unknown>(raw.pipelines.filter(({ ref }) => ref !== branch).map(({ id }) => id));
    const elements = raw.elements.filter((element) => !others.has(idOf(element)));
    const own = { ...raw, elements, pipelines: raw.pipelines.filter(({ ref }) => ref === branch) };
    const { next, total } = this.#place(raw, page);
    const parsed = await this.#toRuns(gitRepository, own);
    // The total counts the others, too.
    return { ...parsed, next, total: others.size > 0 ? undefined : total };
  }

  /** The list also has pipelines of the source branch, at its end, and those of a fork's project. */
  async fetchMergeRequestPage(
    gitRepository: string,
    number: string,
    cursor: Cursor | undefined,
  ): Promise<RunPage> {
    const page = parsePageNumber(cursor);
    const path = apiPath`/merge_requests/${digitsOf(number, this.#client.host)}/pipelines`;
    const query = { per_page: PAGE_SIZE, page };
    const resource = { gitRepository, path, query, what: 'merge request pipelines' };
    const response = await findResource(this.#client, resource, () => this.#fetch(gitRepository, ONE));
    if (response === undefined) return { runs: [] };
    const elements = parseElements(response.data, sourceOf(this.#client));
    const all = selectPipelines(elements);
    const isOfMergeRequest = (pipeline: Pipeline): boolean => mergeRequestOf(pipeline) === number;
    const projectId = all.some(isOfMergeRequest) ? await this.#projectIdOf(gitRepository) : undefined;
    const pipelines = all.filter((each) => isOfMergeRequest(each) && each.project_id === projectId);
    const readable = new Set<unknown>(all.map(({ id }) => id));
    const own = new Set<unknown>(pipelines.map(({ id }) => id));
    const kept = elements.filter((each) => own.has(idOf(each)) || !readable.has(idOf(each)));
    const last = all.at(-1);
    const goesOn = last === undefined || isOfMergeRequest(last);
    const { next } = this.#place({ response, elements }, page);
    const parsed = await this.#toRuns(gitRepository, { response, elements: kept, pipelines });
    return { ...parsed, next: goesOn ? next : undefined };
  }

  async fetchChanges(gitRepository: string, cursor: Cursor) {
    const address = parseChangesCursor(cursor);
    const updated_after = new Date(address.since).toISOString();
    const { page } = address;
    const query = { updated_after, order_by: 'updated_at', sort: 'asc', per_page: PAGE_SIZE, page };
    const raw = await this.#fetch(gitRepository, query);
    const more = this.#place(raw, page).next !== undefined;
    const clock = parseDate(raw.response.headers);
    const next = more ? changesAfterPage(address, raw.pipelines) : (changesAfter(clock) ?? cursor);
    const { runs, unread } = await this.#toRuns(gitRepository, raw);
    return { runs, unread: unread.map(withoutGuess), next, more, clock };
  }

  async fetchRun(gitRepository: string, id: string) {
    const path = apiPath`/pipelines/${digitsOf(id, this.#client.host)}`;
    const resource = { gitRepository, path, what: 'pipelines' };
    const response = await findResource(this.#client, resource, () => this.#fetch(gitRepository, ONE));
    if (response === undefined) return 'gone';
    const pipeline = parsePipeline(response.data, sourceOf(this.#client));
    this.#refKinds.note(pipeline);
    await this.#heads.learn(gitRepository, [pipeline]);
    return toRunOf(pipeline, this.#facts());
  }

  async probe(gitRepository: string): Promise<string> {
    const { elements, pipelines } = await this.#fetch(gitRepository, ONE);
    if (elements.length > pipelines.length) throw this.#tooOld(elements);
    return elements.length === 0
      ? `sees no pipelines of ${gitRepository} yet`
      : `sees the pipelines of ${gitRepository}`;
  }

  async #fetch(gitRepository: string, query: CiRequest['query']): Promise<RawPage> {
    const resource: ProjectResource = { gitRepository, path: '/pipelines', query, what: 'pipelines' };
    const response = await fetchResource(this.#client, resource);
    const elements = parseElements(response.data, sourceOf(this.#client));
    const pipelines = selectPipelines(elements);
    const [first] = pipelines;
    if (first !== undefined) this.#projectIds.set(gitRepository, first.project_id);
    return { response, elements, pipelines };
  }

  #place({ response, elements }: Pick<RawPage, 'response' | 'elements'>, page: number) {
    return placePage(response, page, elements.length, this.#client);
  }

  async #projectIdOf(gitRepository: string): Promise<string | undefined> {
    const known = this.#projectIds.get(gitRepository);
    if (known !== undefined) return known;
    const { pipelines } = await this.#fetch(gitRepository, ONE);
    return pipelines[0]?.project_id;
  }

  async #toRuns(gitRepository: string, { elements, pipelines }: RawPage) {
    const newestFirst = pipelines.toSorted((a, b) => b.id - a.id);
    await this.#refKinds.learn(gitRepository, newestFirst);
    await this.#heads.learn(gitRepository, newestFirst);
    const parsed = parsePipelines(elements, this.#facts(), sourceOf(this.#client));
    this.#client.reportUnread(parsed.unread);
    return parsed;
  }

  #facts() {
    return {
      refKindOf: (pipeline: Pipeline) => this.#refKinds.of(pipeline),
      headOf: (pipeline: Pipeline) => this.#heads.of(pipeline),
    };
  }

  /** @param elements that cannot be read */
  #tooOld(elements: readonly unknown[]): UpstreamError {
    const { host } = this.#client;
    const [first] = elements;
    const isNumbered = typeof first === 'object' && first !== null && 'iid' in first;
    return isNumbered
      ? malformedError(host, "pipelines that are not as GitLab's API describes them")
      : malformed(
          host,
          `${host} does not number pipelines, as GitLab does since version 14.6: upgrade it`,
          'server',
        );
  }
}

/** In the order of changes, the pipeline before says nothing about an unreadable one's place. */
function withoutGuess(one: UnreadRun): UnreadRun {
  return one.id === null ? { ...one, position: null, createdAt: null } : one;
}

function idOf(element: unknown): unknown {
  return typeof element === 'object' && element !== null && 'id' in element ? element.id : undefined;
}
