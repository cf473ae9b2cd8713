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

/** How long to distrust an empty listing if runs were known, in milliseconds (argoproj/argo-cd#11464). */
const DISTRUST_EMPTY_FOR = 600_000;
/** Attempts to get a recent listing: the first may have been in flight already, or another replica's. */
const MAX_LISTINGS = 3;
/** How often the first page is read as well, in milliseconds, since changes do not show deletions. */
const FIRST_PAGE_EVERY = 300_000;
/** Limits the calls for changes in one refresh. Beyond that, the first page is cheaper. */
const MAX_CHANGES = 10;
/** CI's responses to a cursor that it no longer knows. Other failures are transient. */
const REFUSALS: ReadonlySet<UpstreamFailureKind> = new Set(['malformed', 'not_found']);

/** Each method that makes a call throws `UpstreamError`. */
export class Listing {
  readonly #context: IndexContext;
  readonly #breaker;
  readonly #flights = new SingleFlight();
  #backfill: Backfill | undefined;
  #validator: string | undefined;
  #changes: Cursor | undefined;
  /** When the first page was last read, and when it or its changes were last read. */
  #firstPageAt: number | undefined;
  #listedAt: number | undefined;
  #emptySince: number | undefined;
  #ahead = 0;

  constructor(context: IndexContext) {
    this.#context = context;
    this.#breaker = new CiBreaker({ now: context.now, generation: context.provider.generation });
  }

  /** Passes the first page to the backfill whenever it has changed. */
  feed(backfill: Backfill): void {
    this.#backfill = backfill;
  }

  /** When the listing was last requested, milliseconds since the epoch. */
  get listedAt(): number {
    return this.#listedAt ?? this.#context.now();
  }

  /** How far our clock is ahead of CI's, milliseconds, by CI's last response; 0 if unknown. */
  get ahead(): number {
    return this.#ahead;
  }

  /**
   * Called when a call begins.
   * @returns called when the response arrives; another replica's response is at least as new as the listing
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

  /** Ensures that the listing is as of `since` or later (ms since the epoch, not in the future). */
  async confirm(since: number): Promise<void> {
    const { now, provider, ciRepository } = this.#context;
    for (let tries = 0; tries <= MAX_LISTINGS; tries++) {
      if (this.#listedAt !== undefined && this.#listedAt >= since && this.#listedAt <= now()) return;
      if (tries < MAX_LISTINGS) await this.#list();
    }
    const message = `${provider.host} does not report the current runs of ${ciRepository}`;
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

  /** @returns when CI was called, milliseconds since the epoch */
  async #readFirstPage(startedAt: number): Promise<number> {
    const { provider, ciRepository, known } = this.#context;
    const first = await provider.fetchRuns(ciRepository, undefined, this.#validator);
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

  /** @returns false if the provider has no changes or too many, so that the first page must be read */
  async #readChanges(startedAt: number): Promise<boolean> {
    const { provider, ciRepository, known, now } = this.#context;
    if (this.#changes === undefined || provider.fetchChanges === undefined) return false;
    const all: RunChanges[] = [];
    let since = this.#changes;
    do {
      const changes = await provider.fetchChanges(ciRepository, since);
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

  /** Drops a cursor that CI no longer accepts. The next full read of the first page brings a new one. */
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
    const { provider, ciRepository, known, now } = this.#context;
    if (lengthOf(first) > 0 || known.table.size === 0) {
      this.#emptySince = undefined;
      return;
    }
    this.#emptySince ??= now();
    if (now() - this.#emptySince >= DISTRUST_EMPTY_FOR) return;
    const message = `${provider.host} lists no workflow runs of ${ciRepository}, although there were some before`;
    throw new UpstreamError({ kind: 'malformed', host: provider.host, message });
  }

  #tellChanged(branches: ReadonlySet<string>): void {
    if (branches.size > 0) this.#context.onChanged(branches);
  }
}
