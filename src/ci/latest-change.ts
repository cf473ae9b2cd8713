/** Keeps `Run.updatedAt` from going back where a run that runs again has no end until it has ended again. */
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { isUnfinished } from '../resolve/run-state.ts';
import type { Run } from '../resolve/types.ts';

/** Many more than the runs that change while Greenpin looks at them. */
const MAX_RUNS = 20_000;

/**
 * The index takes a state that changed earlier for an outdated one. Without this, a run that runs again would
 * stay green until it has ended.
 * @returns a function that gives an unfinished run the latest time of change that any of its states had. A
 *   finished one has its own, since a lagging server may show an outdated end
 */
export function createLatestChange(): (run: Run) => Run {
  const changes = createBoundedCache<number>(MAX_RUNS);
  return (run) => {
    const updatedAt = Math.max(run.updatedAt, changes.get(run.id) ?? 0);
    changes.set(run.id, updatedAt);
    return isUnfinished(run) ? { ...run, updatedAt } : run;
  };
}
