/** Joins concurrent calls of a key into one. A caller who gives up does not cancel it: others may wait. */
export class SingleFlight {
  readonly #inFlight = new Map<string, Promise<unknown>>();

  /** @param key must always stand for the same kind of call */
  do<T>(key: string, call: () => Promise<T>): Promise<T> {
    const joined = this.#inFlight.get(key);
    if (joined !== undefined) return joined as Promise<T>;
    const started = call().finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, started);
    return started;
  }
}
