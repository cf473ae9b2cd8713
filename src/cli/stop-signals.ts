/** Signals that ask the process to stop: the first one lets it end what it does, a second one ends it at once. */

/** With the exit statuses that shells give to who is ended by them. */
export const SIGNALS = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const;

const AT_ONCE = 130;

/** Two signals that come so soon after one another are one: people press Ctrl-C less quickly. */
const SAME_MS = 20;
/**
 * npm hands each signal on to the command that it runs, but a terminal has already sent Ctrl-C to both; a busy npm is late.
 */
const SAME_UNDER_NPM_MS = 1_000;

/** The process, or what stands for it. */
export interface Stoppable {
  readonly env: Readonly<Record<string, string | undefined>>;
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  removeAllListeners(signal: 'SIGTERM' | 'SIGINT'): unknown;
  exit(status: number): void;
}

/**
 * From here on, signals do what this file says.
 * @param now monotonic milliseconds
 * @param stop is called at the first one
 */
export function listenForStop(target: Stoppable, now: () => number, stop: () => void): void {
  const sameMs = target.env['npm_lifecycle_event'] === undefined ? SAME_MS : SAME_UNDER_NPM_MS;
  let first: number | undefined;
  function onSignal(): void {
    if (first === undefined) {
      first = now();
      stop();
    } else if (now() - first >= sameMs) {
      target.exit(AT_ONCE);
    }
  }
  for (const [signal] of SIGNALS) {
    target.removeAllListeners(signal);
    target.on(signal, onSignal);
  }
}
