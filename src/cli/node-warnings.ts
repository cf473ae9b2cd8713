/** Shortens Node.js's own warnings (`process.on('warning')`), which span several lines by default. */

type WarningSource = Pick<NodeJS.Process, 'listenerCount' | 'removeAllListeners' | 'on'>;

/**
 * Replaces the default listener. With `--no-warnings` or NODE_NO_WARNINGS there is none, and warnings stay
 * silent.
 * @param write receives each warning as one sentence
 */
export function redirectNodeWarnings(source: WarningSource, write: (message: string) => void): void {
  if (source.listenerCount('warning') === 0) return;
  source.removeAllListeners('warning');
  source.on('warning', ({ name, message }) => {
    // Node.js 22 calls its SQLite module experimental; the parts in use are tested on it.
    const isExpected = name === 'ExperimentalWarning' && message.startsWith('SQLite ');
    if (!isExpected) write(`Node.js warns: ${name}: ${message}`);
  });
}
