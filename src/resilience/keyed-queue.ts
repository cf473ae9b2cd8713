/** Runs the calls of each key one at a time. */
import { SingleFlight } from './single-flight.ts';

export class KeyedQueue {
  readonly #flights = new SingleFlight();
  /** The most recently queued call of each key. */
  readonly #tails = new Map<string, Promise<unknown>>();

  /**
   * Runs the call after those already queued for the key, or joins an unfinished one of the same variant.
   * @throws the error of the call
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
