/** Keeps something that is good for a time only, and gets a new one before the time is over. */
import type { Clock } from '../clock.ts';

export interface Expiring<Value> {
  readonly value: Value;
  /** Milliseconds since the epoch; later than now. */
  readonly expiresAt: number;
}

export interface Renewal<Value> {
  /**
   * From memory until 80% of the life has passed. From then on one exchange for all callers gets a new value, while the old one is
   * still handed out; a value that has expired never is.
   * @throws what the exchange threw, when there is no value that is still good; the next call tries again
   */
  read(exchange: () => Promise<Expiring<Value>>): Promise<Value>;
  /**
   * Of a value that was refused although it has not expired, since it may have been withdrawn: the next read waits for a new one. Until
   * there is one, the old one is kept, for others may still be let in with it.
   * @returns whether reading again may give another one; of a young value it does not, so that what is forbidden is not asked for
   *   with a new token each time; nor when there was none a moment ago
   */
  forget(refused: Value): boolean;
}

export interface RenewalDeps {
  readonly now: Clock;
  /** Told once in a row that renewing fails while the old value is still good. */
  readonly warn: (error: unknown) => void;
}

interface Held<Value> extends Expiring<Value> {
  readonly since: number;
  readonly renewAt: number;
  /** From then on a refusal may mean that it was withdrawn. */
  readonly doubtedAt: number;
  readonly isRefused: boolean;
}

const RENEWED_AT = 0.8;
/** What is handed out must last for the requests that are made with it. */
const LAST_USED_MS = 30_000;
const LAST_USED_SHARE = 0.1;
/** After a renewal that failed, while the old value is good. */
const RETRY_MS = 30_000;
/** A younger value is not refused because of its age. */
const YOUNG_MS = 5 * 60_000;

export function createRenewal<Value>({ now, warn }: RenewalDeps): Renewal<Value> {
  let held: Held<Value> | undefined;
  let pending: Promise<Value> | undefined;
  let isWarned = false;

  async function read(exchange: () => Promise<Expiring<Value>>): Promise<Value> {
    const time = now();
    // A clock that was set back makes no life longer.
    if (held === undefined || time < held.since || time >= held.expiresAt) return renew(exchange);
    if (held.isRefused) return renewOrKeep(held, exchange);
    if (time >= held.renewAt && pending === undefined)
      void renewOrKeep(held, exchange).catch(() => undefined);
    return held.value;
  }

  function renew(exchange: () => Promise<Expiring<Value>>): Promise<Value> {
    pending ??= keep(exchange).finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function keep(exchange: () => Promise<Expiring<Value>>): Promise<Value> {
    const since = now();
    const { value, expiresAt } = await exchange();
    const life = expiresAt - since;
    held = {
      value,
      since,
      renewAt: since + life * RENEWED_AT,
      expiresAt: expiresAt - Math.min(LAST_USED_MS, life * LAST_USED_SHARE),
      doubtedAt: since + YOUNG_MS,
      isRefused: false,
    };
    isWarned = false;
    return value;
  }

  async function renewOrKeep(old: Held<Value>, exchange: () => Promise<Expiring<Value>>): Promise<Value> {
    try {
      return await renew(exchange);
    } catch (error) {
      const retryAt = now() + RETRY_MS;
      if (held === old) held = { ...old, renewAt: retryAt, doubtedAt: retryAt, isRefused: false };
      if (!isWarned) warn(error);
      isWarned = true;
      if (now() >= old.expiresAt) throw error;
      return old.value;
    }
  }

  function forget(refused: Value): boolean {
    if (held?.value !== refused || now() < held.doubtedAt) return false;
    held = { ...held, isRefused: true };
    return true;
  }

  return { read, forget };
}
