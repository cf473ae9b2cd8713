/** Node.js's own warnings (`process.on('warning')`), which by default span several lines of stderr. */

type WarningSource = Pick<NodeJS.Process, 'listenerCount' | 'removeAllListeners' | 'on'>;

/**
 * Replaces the default listener. Warnings stay silent with `--no-warnings` and NODE_NO_WARNINGS, which
 * install none.
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
