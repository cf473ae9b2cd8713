/** Runs the calls of each key one after the other. */
import { SingleFlight } from './single-flight.ts';

export class KeyedQueue {
  readonly #flights = new SingleFlight();
  /** The call of each key that was queued last. */
  readonly #tails = new Map<string, Promise<unknown>>();

  /**
   * Runs the call after those of the same key that are queued already, or joins one of the same variant that
   * has not ended.
   * @throws what the call throws
   */
  run<T>(key: string, variant: string, call: () => Promise<T>): Promise<T> {
    return this.#flights.do(JSON.stringify([key, variant]), () => {
      const tail = this.#tails.get(key) ?? Promise.resolve();
      const turn = tail.then(call, call).finally(() => {
        if (this.#tails.get(key) === turn) this.#tails.delete(key);
      });
      this.#tails.set(key, turn);
      return turn;
    });
  }
}
