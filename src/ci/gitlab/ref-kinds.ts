/**
 * Tells pipelines of branches from those of tags. A list names a tag as it names a branch, and both may have
 * one name; only the answer about a single pipeline says `tag`. That never changes, so one call for a
 * pipeline is enough. Pipelines of merge requests need none.
 *
 * At the start, one call for each pipeline would be too many. If a page shows many unknown pipelines, all
 * names of tags are read instead, and only pipelines whose ref is among them cost a call. A pipeline that is
 * older than this reading cannot be of a later tag. It can be of a tag that was deleted before: then it
 * counts as the build of a branch of the same name, if there is one.
 */
import { UpstreamError } from '../../errors.ts';
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import { SingleFlight } from '../../resilience/single-flight.ts';
import { apiPath } from '../../upstream/json-api.ts';
import type { CiClient } from '../client.ts';
import { fetchResource, sourceOf } from './client.ts';
import { PAGE_SIZE, placePage } from './page.ts';
import { isNamedRef, parsePipeline, type Pipeline } from './schema.ts';
import { parseTagNames } from './tags.ts';

/** So many calls are cheaper than reading all tags. */
const FEW = 10;
const AT_ONCE = 10;
const MAX_PIPELINES = 200_000;
const MAX_REPOSITORIES = 5_000;
/** With more tags, each pipeline costs a call. */
const MAX_TAG_PAGES = 50;

interface TagNames {
  /** Undefined: too many, or some may be missing. */
  readonly names: ReadonlySet<string> | undefined;
  /** The newest pipeline that existed before the names were read. */
  readonly upTo: number;
}

export class RefKinds {
  readonly #client: CiClient;
  /** By the pipeline's id, which is unique in an instance. */
  readonly #kinds = createBoundedCache<'branch' | 'tag'>(MAX_PIPELINES);
  /** By repository. */
  readonly #tags = createBoundedCache<TagNames>(MAX_REPOSITORIES);
  readonly #flights = new SingleFlight();

  constructor(client: CiClient) {
    this.#client = client;
  }

  /** @returns `tag` for a pipeline that is not known */
  of({ id }: Pipeline): 'branch' | 'tag' {
    return this.#kinds.peek(String(id)) ?? 'tag';
  }

  /** Notes the answer about a single pipeline. */
  note({ id, tag }: Pipeline & { readonly tag: boolean }): void {
    this.#kinds.set(String(id), tag ? 'tag' : 'branch');
  }

  /**
   * Learns the kinds of pipelines that a page has shown.
   * @throws UpstreamError
   */
  async learn(gitRepository: string, pipelines: readonly Pipeline[]): Promise<void> {
    const unknown = pipelines.filter(
      (each) => isNamedRef(each) && this.#kinds.get(String(each.id)) === undefined,
    );
    if (unknown.length === 0) return;
    const newest = Math.max(...unknown.map(({ id }) => id));
    const uncovered = unknown.filter(({ id }) => id > (this.#tags.peek(gitRepository)?.upTo ?? 0));
    const tags =
      uncovered.length > FEW
        ? await this.#flights.do(`${gitRepository} ${newest}`, () => this.#readTags(gitRepository, newest))
        : this.#tags.get(gitRepository);
    const isDoubtful = ({ id, ref }: Pipeline): boolean =>
      tags === undefined || id > tags.upTo || (tags.names?.has(ref) ?? true);
    const doubtful = unknown.filter(isDoubtful);
    for (const each of unknown) if (!isDoubtful(each)) this.#kinds.set(String(each.id), 'branch');
    for (let start = 0; start < doubtful.length; start += AT_ONCE) {
      const some = doubtful.slice(start, start + AT_ONCE);
      await Promise.all(some.map((each) => this.#fetchKind(gitRepository, each)));
    }
  }

  async #fetchKind(gitRepository: string, { id }: Pipeline): Promise<void> {
    const path = apiPath`/pipelines/${String(id)}`;
    try {
      const { data } = await fetchResource(this.#client, { gitRepository, path, what: 'pipelines' });
      this.note(parsePipeline(data, sourceOf(this.#client)));
    } catch (error) {
      // It was deleted after the list was read.
      if (!(error instanceof UpstreamError) || error.failure.kind !== 'not_found') throw error;
    }
  }

  async #readTags(gitRepository: string, upTo: number): Promise<TagNames> {
    const names = new Set<string>();
    let count = 0;
    let expected: number | undefined;
    let page = 1;
    for (let cursor: string | undefined = '1'; cursor !== undefined; page++) {
      if (page > MAX_TAG_PAGES) return this.#keepTags(gitRepository, { names: undefined, upTo });
      const query = { order_by: 'name', sort: 'asc', per_page: PAGE_SIZE, page };
      const path = '/repository/tags';
      const response = await fetchResource(this.#client, { gitRepository, path, query, what: 'tags' });
      const shown = parseTagNames(response.data, sourceOf(this.#client));
      for (const name of shown) names.add(name);
      count += shown.length;
      const { next, total } = placePage(response, page, shown.length, this.#client);
      expected = page === 1 ? total : expected;
      cursor = next;
    }
    // A tag that is removed meanwhile moves the others up, so that the next page skips one.
    const isWhole = page === 2 || (count === expected && names.size === count);
    return isWhole ? this.#keepTags(gitRepository, { names, upTo }) : { names: undefined, upTo };
  }

  #keepTags(gitRepository: string, tags: TagNames): TagNames {
    const known = this.#tags.get(gitRepository);
    if (known === undefined || known.upTo < tags.upTo) this.#tags.set(gitRepository, tags);
    return tags;
  }
}
