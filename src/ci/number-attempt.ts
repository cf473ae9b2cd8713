/** Numbers the attempts of runs whose API does not count them. Pure. */

const SECOND = 1000;

/**
 * A time that a re-run moves identifies the attempt, and is greater for each later one. Nothing tells a first
 * attempt from a second, so each counts as a repetition.
 * @param time when the attempt began or ended, milliseconds since the epoch
 */
export function numberAttempt(time: number): number {
  return Math.max(2, Math.floor(time / SECOND));
}
