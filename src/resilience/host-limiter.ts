/** Limits the concurrent requests to each host (bulkhead), and pauses hosts that have failed. */
import type { Clock } from '../clock.ts';
import { CircuitBreaker, type Outcome } from './circuit-breaker.ts';

/** The result of a request, and what it says about the host. */
export interface HostResult<Result> {
  readonly result: Result;
  readonly host: Outcome;
}

export interface HostLimiterOptions {
  readonly now: Clock;
  readonly delay: (ms: number) => Promise<void>;
  /** Maximum number of concurrent requests per host. */
  readonly maxConcurrent: number;
}

interface Slots {
  taken: number;
  readonly waiting: (() => void)[];
}

/** Redirects name hosts too, so their number is not under our control. */
const MAX_FAILED_HOSTS = 1000;

export class HostLimiter {
  readonly #maxConcurrent: number;
  readonly #breaker: CircuitBreaker;
  readonly #hosts = new Map<string, Slots>();

  constructor({ now, delay, maxConcurrent }: HostLimiterOptions) {
    this.#maxConcurrent = maxConcurrent;
    this.#breaker = new CircuitBreaker({ now, delay, trials: 'one', maxKeys: MAX_FAILED_HOSTS });
  }

  /**
   * Waits for a free slot at the host, then runs the task. The breaker is checked after that wait, so that
   * only the first few of a thousand callers have to find out that the host does not respond.
   * @throws UpstreamError with the failure that paused the host
   */
  async run<Result>(host: string, task: () => Promise<HostResult<Result>>): Promise<Result> {
    await this.#acquire(host);
    try {
      const permit = await this.#breaker.enter(host);
      const done = await task().catch((error: unknown) => {
        permit.end('inconclusive');
        throw error;
      });
      permit.end(done.host);
      return done.result;
    } finally {
      this.#release(host);
    }
  }

  async #acquire(host: string): Promise<void> {
    const slots = this.#hosts.get(host) ?? { taken: 0, waiting: [] };
    this.#hosts.set(host, slots);
    if (slots.taken < this.#maxConcurrent) slots.taken++;
    else await new Promise<void>((resolve) => slots.waiting.push(resolve));
  }

  /** Passes the slot straight to the next caller in line, if there is one. */
  #release(host: string): void {
    const slots = this.#hosts.get(host);
    const next = slots?.waiting.shift();
    if (next !== undefined) next();
    else if (slots !== undefined && --slots.taken === 0) this.#hosts.delete(host);
  }
}
