/** The time, injected so that tests own it. */

/** Milliseconds since the epoch. */
export type Clock = () => number;

/**
 * @param since a moment, milliseconds since the epoch
 * @returns whether less than `milliseconds` have passed since; no, where the moment lies ahead: then the clock was set back, and it says
 *   nothing of how long that will be
 */
export function isWithin(now: number, since: number, milliseconds: number): boolean {
  const passed = now - since;
  return passed >= 0 && passed < milliseconds;
}
