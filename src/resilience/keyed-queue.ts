/**
 * One resolution at a time for each key. Of two side by side, the one that began with an older listing could end last, and hand out an
 * older build after a newer one.
 */
export type TakeTurn = <T>(key: string, variant: string, call: () => Promise<T>) => Promise<T>;

interface Line {
  /** The call that is under way or the last to wait. */
  last: Promise<unknown>;
  /** Those that have not ended, by variant: whoever wants the same joins. */
  readonly byVariant: Map<string, Promise<unknown>>;
}

/** @returns a function that joins a call of the same key and variant that has not ended, else runs its own after those of the key */
export function createTurns(): TakeTurn {
  const lines = new Map<string, Line>();
  return <T>(key: string, variant: string, call: () => Promise<T>): Promise<T> => {
    const line = lines.get(key) ?? { last: Promise.resolve(), byVariant: new Map() };
    lines.set(key, line);
    const joined = line.byVariant.get(variant);
    if (joined !== undefined) return joined as Promise<T>;
    const turn = line.last.then(call, call).finally(() => {
      line.byVariant.delete(variant);
      if (line.byVariant.size === 0) lines.delete(key);
    });
    line.byVariant.set(variant, turn);
    line.last = turn;
    return turn;
  };
}
