/** Keeps the newest part of a repository's listing fresh: one conditional call serves every branch. */
import { UpstreamError, type UpstreamFailureKind } from '../errors.ts';
import { CiBreaker } from '../ci/ci-breaker.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import type { Backfill } from './backfill.ts';
import type { Sighting } from './branch-table.ts';
import type { IndexContext } from './index-context.ts';
import { lengthOf } from './listing-reader.ts';
import { isWithin } from '../clock.ts';
import type { Cursor, RunChanges, RunPage } from '../ci/provider.ts';

/** Milliseconds for which an empty listing is not believed where runs were known (argoproj/argo-cd#11464). */
const DISTRUST_EMPTY_FOR = 600_000;
/** Attempts to get a listing that is new enough: the first may have been under way, or another replica's. */
const MAX_LISTINGS = 3;
/** Changes show no deletions: so often, in milliseconds, the first page is read as well. */
const FIRST_PAGE_EVERY = 300_000;
/** Calls of one refresh that follow changes: beyond, the first page is cheaper. */
const MAX_CHANGES = 10;
/** What CI answers to a cursor that it does not know any more; other failures pass. */
const REFUSALS: ReadonlySet<UpstreamFailureKind> = new Set(['malformed', 'not_found']);

/** Each method that makes a call throws `UpstreamError`. */
export class Listing {
  readonly #context: IndexContext;
  readonly #breaker;
  readonly #flights = new SingleFlight();
  #backfill: Backfill | undefined;
  #validator: string | undefined;
  #changes: Cursor | undefined;
  /** When the first page was last read; when it or what has changed since was last read. */
  #firstPageAt: number | undefined;
  #listedAt: number | undefined;
  #emptySince: number | undefined;
  #ahead = 0;

  constructor(context: IndexContext) {
    this.#context = context;
    this.#breaker = new CiBreaker({ now: context.now, generation: context.provider.generation });
  }

  /** Takes the first page whenever it has changed. */
  feed(backfill: Backfill): void {
    this.#backfill = backfill;
  }

  /** When CI was last asked for the listing, milliseconds since the epoch. */
  get listedAt(): number {
    return this.#listedAt ?? this.#context.now();
  }

  /** How far our clock is ahead of CI's, milliseconds, by CI's last response; 0: unknown. */
  get ahead(): number {
    return this.#ahead;
  }

  /**
   * Called when a call begins.
   * @returns called when its answer is there; what another replica fetched is at least as new as the listing
   */
  sight(): (asOf?: number) => Sighting {
    const { now } = this.#context;
    const askedAt = Math.min(now(), this.#listedAt ?? Infinity);
    return (asOf = askedAt) => ({ askedAt: asOf, seenAt: now(), ahead: this.#ahead });
  }

  async ensureFresh(): Promise<void> {
    const { now, freshFor } = this.#context;
    if (this.#listedAt === undefined || !isWithin(now(), this.#listedAt, freshFor())) await this.#list();
  }

  /** Makes sure that the listing is as of `since` or later (ms since the epoch, not in the future). */
  async confirm(since: number): Promise<void> {
    const { now, provider, gitRepository } = this.#context;
    for (let tries = 0; tries <= MAX_LISTINGS; tries++) {
      if (this.#listedAt !== undefined && this.#listedAt >= since && this.#listedAt <= now()) return;
      if (tries < MAX_LISTINGS) await this.#list();
    }
    const message = `${provider.host} does not report the current runs of ${gitRepository}`;
    throw new UpstreamError({ kind: 'unavailable', host: provider.host, message });
  }

  #list(): Promise<void> {
    return this.#flights.do('listing', () => this.#breaker.run('listing', () => this.#refresh()));
  }

  async #refresh(): Promise<void> {
    const { now } = this.#context;
    const startedAt = now();
    const areChangesRead = await this.#readChanges(startedAt).catch((error: unknown) =>
      this.#forgetChanges(error),
    );
    const isFirstPageRead =
      this.#firstPageAt !== undefined && isWithin(now(), this.#firstPageAt, FIRST_PAGE_EVERY);
    this.#listedAt = areChangesRead && isFirstPageRead ? startedAt : await this.#readFirstPage(startedAt);
  }

  /** @returns when CI was asked, milliseconds since the epoch */
  async #readFirstPage(startedAt: number): Promise<number> {
    const { provider, gitRepository, known } = this.#context;
    const first = await provider.fetchRuns(gitRepository, undefined, this.#validator);
    const askedAt = first === 'unchanged' ? startedAt : (first.asOf ?? startedAt);
    const isUnchanged =
      first === 'unchanged' || (this.#validator !== undefined && first.validator === this.#validator);
    if (isUnchanged) known.confirmFirstPage(askedAt);
    else await this.#merge(first, askedAt);
    this.#firstPageAt = askedAt;
    return askedAt;
  }

  async #merge(first: RunPage, askedAt: number): Promise<void> {
    const { reader, known, now } = this.#context;
    this.#distrustEmpty(first);
    this.#noteClock(first.clock, first.asOf ?? now());
    const listing = await reader.readBackTo(first, (oldest) => known.isContiguous(oldest));
    const sighting = {
      askedAt: Math.min(askedAt, listing.asOf ?? Infinity),
      seenAt: now(),
      ahead: this.#ahead,
    };
    this.#tellChanged(known.mergeListing(first, listing, sighting));
    this.#validator = first.validator;
    this.#changes ??= first.changes;
    this.#backfill?.listed(first);
  }

  /** @returns false: the provider has no changes or too many, so the first page must be read */
  async #readChanges(startedAt: number): Promise<boolean> {
    const { provider, gitRepository, known, now } = this.#context;
    if (this.#changes === undefined || provider.fetchChanges === undefined) return false;
    const all: RunChanges[] = [];
    let since = this.#changes;
    do {
      const changes = await provider.fetchChanges(gitRepository, since);
      this.#noteClock(changes.clock, now());
      all.push(changes);
      since = changes.next;
    } while (all.at(-1)?.more === true && all.length < MAX_CHANGES);
    const isEnd = all.at(-1)?.more !== true;
    const sighting = { askedAt: startedAt, seenAt: now(), ahead: this.#ahead };
    this.#tellChanged(known.mergeChanges(all, sighting, isEnd));
    this.#changes = since;
    return isEnd;
  }

  /** A cursor that CI no longer accepts: the next first page, read in full, shows where changes begin now. */
  #forgetChanges(error: unknown): false {
    const isRefused = error instanceof UpstreamError && REFUSALS.has(error.failure.kind);
    if (!isRefused) throw error;
    this.#changes = undefined;
    this.#validator = undefined;
    return false;
  }

  #noteClock(clock: number | undefined, ours: number): void {
    if (clock !== undefined) this.#ahead = ours - clock;
  }

  #distrustEmpty(first: RunPage): void {
    const { provider, gitRepository, known, now } = this.#context;
    if (lengthOf(first) > 0 || known.table.size === 0) {
      this.#emptySince = undefined;
      return;
    }
    this.#emptySince ??= now();
    if (now() - this.#emptySince >= DISTRUST_EMPTY_FOR) return;
    const message = `${provider.host} lists no workflow runs of ${gitRepository}, although there were some before`;
    throw new UpstreamError({ kind: 'malformed', host: provider.host, message });
  }

  #tellChanged(branches: ReadonlySet<string>): void {
    if (branches.size > 0) this.#context.onChanged(branches);
  }
}
