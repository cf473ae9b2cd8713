#!/usr/bin/env node
/** The process: start, signals, stop. */
import { readFileSync } from 'node:fs';
import { runCli } from './cli.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Only a command that has something to end listens for signals; any other is ended by them as usual. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stopping.abort();
      // A second one ends the process at once, as people expect of Ctrl-C.
      process.once(signal, () => process.exit(130));
    });
  }
  return stopping.signal;
}

// `greenpin digest ... | head -1` closes the pipe early; that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  version,
  stopSignal,
});
