/** A number of calls for one purpose that is renewed over time (a token bucket). */
import type { Clock } from '../clock.ts';

export interface AllowanceOptions {
  readonly most: number;
  /** Milliseconds until one used call is available again. */
  readonly each: () => number;
  readonly now: Clock;
}

export interface Allowance {
  isUsedUp(): boolean;
  use(): void;
  /** The call turned out to be for another purpose. */
  giveBack(): void;
}

export function createAllowance({ most, each, now }: AllowanceOptions): Allowance {
  let used = 0;
  let at: number | undefined;

  function comeBack(): void {
    // A clock that was set back renews nothing.
    used = Math.max(0, used - Math.max(0, now() - (at ?? now())) / each());
    at = now();
  }

  return {
    isUsedUp() {
      comeBack();
      return used > most - 1;
    },
    use() {
      comeBack();
      used += 1;
    },
    giveBack() {
      used = Math.max(0, used - 1);
    },
  };
}
