/** The time, injected so that tests own it. */

/** Milliseconds since the epoch. Injected, so that tests own the time. */
export type Clock = () => number;
