/** Joins concurrent calls of one key into one. What is shared is never cancelled by one of those who wait for it. */
export type Joiner = <T>(key: string, call: () => Promise<T>) => Promise<T>;

/** One namespace of keys; a key must always be used with the same kind of call. */
export function createJoiner(): Joiner {
  const inFlight = new Map<string, Promise<unknown>>();
  return <T>(key: string, call: () => Promise<T>): Promise<T> => {
    const joined = inFlight.get(key);
    if (joined !== undefined) return joined as Promise<T>;
    const started = call().finally(() => inFlight.delete(key));
    inFlight.set(key, started);
    return started;
  };
}
