/** Coalesces concurrent calls of a key. A caller that gives up does not cancel the call for the others. */
export class SingleFlight {
  readonly #inFlight = new Map<string, Promise<unknown>>();

  /** @param key must always identify the same kind of call */
  do<T>(key: string, call: () => Promise<T>): Promise<T> {
    const joined = this.#inFlight.get(key);
    if (joined !== undefined) return joined as Promise<T>;
    const started = call().finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, started);
    return started;
  }
}
