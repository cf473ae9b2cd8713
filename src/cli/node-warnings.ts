/** Node.js' own warnings (`process.on('warning')`), which it writes over several lines, in the words of whoever runs. */

type WarningSource = Pick<NodeJS.Process, 'listenerCount' | 'removeAllListeners' | 'on'>;

/**
 * Takes over from whoever was told before. `--no-warnings` and NODE_NO_WARNINGS go on to silence them.
 * @param tell is given one sentence
 */
export function tellNodeWarnings(source: WarningSource, tell: (message: string) => void): void {
  if (source.listenerCount('warning') === 0) return;
  source.removeAllListeners('warning');
  source.on('warning', (warning) => {
    if (!isExpected(warning)) tell(`Node.js warns: ${warning.name}: ${warning.message}`);
  });
}

/** Node.js 22 calls SQLite experimental; what is used of it is tested there. */
function isExpected({ name, message }: Error): boolean {
  return name === 'ExperimentalWarning' && message.startsWith('SQLite ');
}
