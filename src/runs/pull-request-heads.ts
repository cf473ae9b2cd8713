/**
 * Reads where pull requests come from, and keeps it: a pull request never changes its repository. One record
 * costs a call; a page of the list of open pull requests costs a call, too, and shows up to a hundred. So once
 * several records were needed, pages of the list are read instead, as long as they help.
 */
import { CiBreaker } from '../ci/ci-breaker.ts';
import type { GitHost } from '../ci/git-host.ts';
import type { Cursor } from '../ci/provider.ts';
import type { Clock } from '../clock.ts';
import { UpstreamError } from '../errors.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import type { PullRequestHead } from '../resolve/ports.ts';

const MAX_PULL_REQUESTS = 20_000;
/**
 * Number of single records that are read before each page which may not help. So numbers that no page shows
 * (closed pull requests, invented numbers) cost at most a fifth more.
 */
const RECORDS_PER_PAGE = 5;
/** The same after a page that could not be read, since its caller may have waited long. */
const RECORDS_AFTER_FAILURE = 50;
const LIST = 'open pull requests';

export interface PullRequestHeadsOptions {
  readonly gitHost: GitHost;
  readonly gitRepository: string;
  readonly now: Clock;
}

export class PullRequestHeads {
  readonly #options: PullRequestHeadsOptions;
  readonly #heads = createBoundedCache<PullRequestHead>(MAX_PULL_REQUESTS);
  readonly #flights = new SingleFlight();
  readonly #breaker: CiBreaker;
  /** A list that is slow or denied must not stop the reading of records. */
  readonly #listBreaker: CiBreaker;
  /** The next page of the list; undefined: its first one. */
  #next: Cursor | undefined;
  #page: Promise<void> | undefined;
  /** Records that were read since the last page. */
  #records = 0;
  /** The last page showed what was wanted, and another one follows. */
  #helps = false;

  constructor(options: PullRequestHeadsOptions) {
    const { gitHost, now } = options;
    this.#options = options;
    this.#breaker = new CiBreaker({ now, generation: gitHost.generation });
    this.#listBreaker = new CiBreaker({ now, generation: gitHost.generation });
  }

  /** Makes no call. */
  peek(number: string): PullRequestHead | undefined {
    return this.#heads.peek(number);
  }

  /** @throws UpstreamError */
  async read(number: string): Promise<PullRequestHead> {
    while (!this.#heads.has(number) && this.#isPageWorthwhile()) {
      this.#page ??= this.#readPage().finally(() => (this.#page = undefined));
      await this.#page;
      if (this.#heads.has(number)) this.#helps = this.#next !== undefined;
    }
    return this.#heads.get(number) ?? this.#flights.do(number, () => this.#readRecord(number));
  }

  /** Joining a page that is being read costs nothing. */
  #isPageWorthwhile(): boolean {
    return this.#page !== undefined || this.#helps || this.#records >= RECORDS_PER_PAGE;
  }

  /** Stores the head before the shared call ends, so that no later call misses it. */
  async #readRecord(number: string): Promise<PullRequestHead> {
    const { gitHost, gitRepository } = this.#options;
    this.#records += 1;
    const head = await this.#breaker.run(number, () => gitHost.fetchPullRequest(gitRepository, number));
    this.#heads.set(number, head);
    return head;
  }

  /** A failure is the caller's only if the record cannot be read either. */
  async #readPage(): Promise<void> {
    const { gitHost, gitRepository } = this.#options;
    const cursor = this.#next;
    this.#records = 0;
    this.#helps = false;
    this.#next = undefined;
    try {
      const page = await this.#listBreaker.run(LIST, () =>
        gitHost.fetchOpenPullRequests(gitRepository, cursor),
      );
      if (page === 'unchanged') throw new RangeError('without a validator, no page is unchanged');
      for (const { number, head } of page.pullRequests) this.#heads.set(number, head);
      this.#next = page.next;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      this.#records = RECORDS_PER_PAGE - RECORDS_AFTER_FAILURE;
    }
  }
}
