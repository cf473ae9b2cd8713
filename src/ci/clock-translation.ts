/** Translates times by an upstream's clock to ours. Pure. */

/** Translates a time by the server's clock to ours, both in milliseconds since the epoch. */
export type ToOurClock = (time: number) => number;

const SECOND = 1000;
/** Assumed maximum difference between the server's clock and ours if a response does not show it. */
const CLOCK_MARGIN = 600 * SECOND;

/**
 * @param clock the server's clock in the response (`Date`), in whole seconds; undefined if it is not shown
 * @param askedAt by our clock, before the request was sent
 * @returns a function that gives the earliest possible time by our clock
 */
export function createClockTranslation(clock: number | undefined, askedAt: number): ToOurClock {
  return (time) => (clock === undefined ? time - CLOCK_MARGIN : askedAt - (clock - time) - SECOND);
}
