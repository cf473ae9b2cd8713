#!/usr/bin/env node
/** The process: start, signals, stop. */
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';

// What is imported from here on is compiled once, not at each start. Where nothing can be written there is no cache.
enableCompileCache();
const { runCli } = await import('./cli.ts');
const { complain } = await import('./commands/diagnostics.ts');

const { stdout, stderr } = process;
const stopping = new AbortController();

/** Only a command that has something to end listens for signals; any other is ended by them as usual. */
function stopSignal(): AbortSignal {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stopping.abort();
      // A second one ends the process at once, as people expect of Ctrl-C.
      process.once(signal, () => process.exit(130));
    });
  }
  return stopping.signal;
}

stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // `greenpin demo --keep | head -1` has read enough; that is no fault, and the status is still the command's own.
  if (code === 'EPIPE') return stopping.abort();
  complain(stderr, `the result cannot be written (${code})`);
  process.exit(1);
});
// Without anybody to read the diagnostics, results and status are still right.
stderr.on('error', () => undefined);

function flush(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()));
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const status = await runCli(process.argv.slice(2), { env: process.env, stdout, stderr, version, stopSignal });
await Promise.all([flush(stdout), flush(stderr)]);
// What was given up, such as a probe that got no answer, must not keep the process.
process.exit(status);
