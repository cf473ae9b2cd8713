/** Retries a call after a transient failure. */

export interface RetryOptions {
  /** Maximum number of retries after the first call. */
  readonly retries: number;
  /** Milliseconds before the first retry, on average. */
  readonly firstPauseMs: number;
  readonly isTransient: (error: unknown) => boolean;
  readonly delay: (ms: number) => Promise<void>;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** @throws the error of the last call */
export async function retry<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retries, firstPauseMs, isTransient, delay, random } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === retries || !isTransient(error)) throw error;
      await delay(jitteredPauseMs(attempt, firstPauseMs, random));
    }
  }
}

/**
 * Doubles with each attempt and varies by half, so that replicas that failed together do not retry together.
 * @param attempt from 0
 */
export function jitteredPauseMs(attempt: number, firstPauseMs: number, random: () => number): number {
  return firstPauseMs * 2 ** attempt * (0.5 + random());
}
