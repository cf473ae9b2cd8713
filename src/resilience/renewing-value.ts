/** Keeps a value that expires (a token, a cloud credential) and fetches a new one in time. */
import type { Clock } from '../clock.ts';
import { SingleFlight } from './single-flight.ts';

export interface Expiring<Value> {
  readonly value: Value;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface RenewingValueOptions {
  readonly now: Clock;
  /**
   * Renews in the background, for values that are expensive to fetch: from 80% of its life on, the old value
   * stays in use until the new one is there, and until shortly before its end if there is none. Called once
   * for consecutive failures to renew.
   *
   * Left out: from 80% of its life on, callers wait for a new value, and get the failure if there is none.
   */
  readonly onRenewalFailed?: (error: unknown) => void;
}

interface Held<Value> extends Expiring<Value> {
  readonly since: number;
  readonly renewAt: number;
  /** From then on a rejection may mean that the value was revoked. */
  readonly revocableAfter: number;
  readonly isRejected: boolean;
}

const RENEWED_AT = 0.8;
/** A value in use must outlast the requests that are made with it. */
const LAST_USED_MS = 30_000;
const LAST_USED_SHARE = 0.1;
/** After a failure to renew in the background. */
const RETRY_MS = 30_000;
/** A younger value is not rejected because it was revoked. */
const YOUNG_MS = 5 * 60_000;

export class RenewingValue<Value> {
  readonly #options: RenewingValueOptions;
  readonly #flight = new SingleFlight();
  #held: Held<Value> | undefined;
  #isFailureReported = false;

  constructor(options: RenewingValueOptions) {
    this.#options = options;
  }

  /**
   * Never returns an expired value. Concurrent callers share one fetch.
   * @throws what `fetch` throws, when no value can be used; the next call fetches again
   */
  async read(fetch: () => Promise<Expiring<Value>>): Promise<Value> {
    const time = this.#options.now();
    const held = this.#held;
    // After the clock was set back, nobody knows how much of the life is left.
    if (held === undefined || time < held.since || time >= held.expiresAt) return this.#renew(fetch);
    if (held.isRejected) return this.#renewOrKeep(held, fetch);
    if (time >= held.renewAt) void this.#renewOrKeep(held, fetch).catch(() => undefined);
    return held.value;
  }

  /**
   * Invalidates a value that was rejected before it expired, since it may have been revoked: the next read
   * waits for a new one. With renewal in the background, the old value is kept until then, since it may still
   * work elsewhere; and a young value is not invalidated, lest a forbidden request cost a new token each
   * time.
   * @param rejected left out: whichever value is held
   * @returns whether reading again may return another value
   */
  invalidate(rejected: Value | undefined = this.#held?.value): boolean {
    const held = this.#held;
    if (held === undefined || held.value !== rejected || this.#options.now() < held.revocableAfter)
      return false;
    this.#held = this.#options.onRenewalFailed && { ...held, isRejected: true };
    return true;
  }

  #renew(fetch: () => Promise<Expiring<Value>>): Promise<Value> {
    return this.#flight.do('', async () => {
      const since = this.#options.now();
      const { value, expiresAt } = await fetch();
      const life = expiresAt - since;
      const renewAt = since + life * RENEWED_AT;
      const isBackground = this.#options.onRenewalFailed !== undefined;
      this.#held = {
        value,
        since,
        renewAt,
        expiresAt: isBackground ? expiresAt - Math.min(LAST_USED_MS, life * LAST_USED_SHARE) : renewAt,
        revocableAfter: isBackground ? since + YOUNG_MS : 0,
        isRejected: false,
      };
      this.#isFailureReported = false;
      return value;
    });
  }

  async #renewOrKeep(old: Held<Value>, fetch: () => Promise<Expiring<Value>>): Promise<Value> {
    try {
      return await this.#renew(fetch);
    } catch (error) {
      const retryAt = this.#options.now() + RETRY_MS;
      if (this.#held === old) {
        this.#held = { ...old, renewAt: retryAt, revocableAfter: retryAt, isRejected: false };
      }
      if (!this.#isFailureReported) this.#options.onRenewalFailed?.(error);
      this.#isFailureReported = true;
      if (this.#options.now() >= old.expiresAt) throw error;
      return old.value;
    }
  }
}
