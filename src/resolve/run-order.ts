/** The order of runs within one listing. Pure. */
import type { Run } from './types.ts';

type Place = Pick<Run, 'position' | 'tie'>;

/** @returns negative if `a` is the older run, 0 if the provider does not define an order */
export function compareRuns(a: Place, b: Place): number {
  return a.position - b.position || compareText(a.tie, b.tie);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @returns undefined for an empty list */
export function newestOf<T extends Place>(runs: readonly T[]): T | undefined {
  return runs.reduce<T | undefined>(
    (best, run) => (best && compareRuns(run, best) <= 0 ? best : run),
    undefined,
  );
}

/** @returns undefined for an empty list */
export function oldestOf<T extends Place>(runs: readonly T[]): T | undefined {
  return runs.reduce<T | undefined>(
    (best, run) => (best && compareRuns(run, best) >= 0 ? best : run),
    undefined,
  );
}
