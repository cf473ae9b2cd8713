/** Runs by their number, which runs of other workflows may share. Built on first use: few templates hold a number. */
import type { Run } from '../resolve/types.ts';

export interface NumberIndex {
  add(run: Run): void;
  remove(run: Run): void;
  find(number: string): readonly Run[];
}

/** @param all all known runs, read at the first look-up */
export function createNumberIndex(all: () => Iterable<Run>): NumberIndex {
  let byNumber: Map<string, Run[]> | undefined;

  function add(run: Run): void {
    const runs = byNumber?.get(run.number);
    if (runs === undefined) byNumber?.set(run.number, [run]);
    else runs.push(run);
  }

  return {
    add,
    remove({ number, id }) {
      const left = (byNumber?.get(number) ?? []).filter((other) => other.id !== id);
      if (left.length === 0) byNumber?.delete(number);
      else byNumber?.set(number, left);
    },
    find(number) {
      if (byNumber === undefined) {
        byNumber = new Map();
        for (const run of all()) add(run);
      }
      return byNumber.get(number) ?? [];
    },
  };
}
