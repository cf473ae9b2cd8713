/** Limits the calls that run at the same time. */

/**
 * Starts a group of calls once the group before has ended, so that an upstream is not flooded.
 * @param size calls in a group
 * @returns the results, in order @throws the first error of a group, before the next one starts
 */
export async function inGroups<T, Result>(
  all: readonly T[],
  size: number,
  call: (one: T) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let next = 0; next < all.length; next += size) {
    results.push(...(await Promise.all(all.slice(next, next + size).map(call))));
  }
  return results;
}
