/** Milliseconds since the epoch. Injected, so that tests control the time. */
export type Clock = () => number;

/**
 * @param since milliseconds since the epoch
 * @returns whether less than `milliseconds` have passed since then; false if `since` is in the future,
 *   because the clock was set back by an unknown amount
 */
export function isWithin(now: number, since: number, milliseconds: number): boolean {
  const passed = now - since;
  return passed >= 0 && passed < milliseconds;
}
