/** Holds a value that expires (a token, a cloud credential) and renews it in time. */
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
   * Enables background renewal, for values that are expensive to fetch: after 80% of its lifetime, the old
   * value stays in use until it is renewed, or until shortly before it expires. Called once for consecutive
   * failed renewals.
   *
   * If omitted, callers wait for a new value after 80% of the lifetime, and get the failure if there is none.
   */
  readonly onRenewalFailed?: (error: unknown) => void;
}

interface Held<Value> extends Expiring<Value> {
  readonly since: number;
  readonly renewAt: number;
  /** When a rejection may start to mean that the value was revoked. */
  readonly revocableAfter: number;
  readonly isRejected: boolean;
}

const RENEWED_AT = 0.8;
/** A value in use must outlast the requests that are made with it. */
const LAST_USED_MS = 30_000;
const LAST_USED_SHARE = 0.1;
/** Pause after a failed background renewal. */
const RETRY_MS = 30_000;
/** A rejection of a younger value does not mean that it was revoked. */
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
   * @throws the error of `fetch` if no value can be used; the next call fetches again
   */
  async read(fetch: () => Promise<Expiring<Value>>): Promise<Value> {
    const time = this.#options.now();
    const held = this.#held;
    // After the clock was set back, the remaining lifetime is unknown.
    if (held === undefined || time < held.since || time >= held.expiresAt) return this.#renew(fetch);
    if (held.isRejected) return this.#renewOrKeep(held, fetch);
    if (time >= held.renewAt) void this.#renewOrKeep(held, fetch).catch(() => undefined);
    return held.value;
  }

  /**
   * Invalidates a value that was rejected before it expired, since it may have been revoked: the next read
   * waits for a new one. With background renewal, the old value is kept until then, since it may still work
   * elsewhere, and a young value is not invalidated, so that a forbidden request does not cost a new token
   * each time.
   * @param rejected defaults to the current value
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
