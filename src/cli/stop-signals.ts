/** Stop signals: the first one starts a graceful shutdown, a second one ends the process immediately. */

/** Stop signals and their conventional exit statuses (128 + n). */
export const SIGNALS = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const;

/** The exit status after a second signal. */
const FORCED = 130;

/** Signals this close together count as one, since no one presses Ctrl-C twice that fast. */
const SAME_MS = 20;
/** npm forwards signals that the terminal has already sent to the command; a busy npm is late. */
const SAME_UNDER_NPM_MS = 1_000;

/** The part of `process` that is used. */
export interface Stoppable {
  readonly env: Readonly<Record<string, string | undefined>>;
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  removeAllListeners(signal: 'SIGTERM' | 'SIGINT'): unknown;
  exit(status: number): void;
}

/**
 * Replaces the listeners for all stop signals.
 * @param stop called on the first signal
 * @param now monotonic milliseconds
 */
export function handleStopSignals(target: Stoppable, stop: () => void, now = () => performance.now()): void {
  const sameMs = target.env['npm_lifecycle_event'] === undefined ? SAME_MS : SAME_UNDER_NPM_MS;
  let first: number | undefined;
  function onSignal(): void {
    if (first === undefined) {
      first = now();
      stop();
    } else if (now() - first >= sameMs) {
      target.exit(FORCED);
    }
  }
  for (const [signal] of SIGNALS) {
    target.removeAllListeners(signal);
    target.on(signal, onSignal);
  }
}
