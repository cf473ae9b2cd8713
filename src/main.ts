#!/usr/bin/env node
/** The process: start, signals, stop. */
import { readFileSync } from 'node:fs';
import { explainOldNode } from './cli/node-version.ts';

// Up to here, and to the end of this check, every Node.js must understand what it reads.
const { version, engines } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string; engines: { node: string } };
const tooOld = explainOldNode(process.versions.node, engines.node);
if (tooOld !== undefined) {
  process.stderr.write(`${tooOld}\n`);
  process.exit(2);
}

// What is imported from here on is compiled once, not at each start. Where nothing can be written there is no cache.
const { enableCompileCache } = await import('node:module');
enableCompileCache();
const { runCli } = await import('./cli/program.ts');
const { writeDiagnostic } = await import('./cli/diagnostics.ts');
const { redirectNodeWarnings } = await import('./cli/node-warnings.ts');
const { handleStopSignals, SIGNALS } = await import('./cli/stop-signals.ts');

const { stdout, stderr } = process;
const stopping = new AbortController();

/** Only a command that has something to end listens for signals; any other is ended by them as usual. */
function stopSignal(): AbortSignal {
  handleStopSignals(
    process,
    () => performance.now(),
    () => stopping.abort(),
  );
  return stopping.signal;
}

// The first process of a container is not ended by a signal for which it does not listen.
if (process.pid === 1) {
  for (const [signal, status] of SIGNALS) process.once(signal, () => process.exit(status));
}

stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // `greenpin demo --keep | head -1` has read enough; that is no fault, and the status is still the command's own.
  if (code === 'EPIPE') return stopping.abort();
  writeDiagnostic(stderr, `the result cannot be written (${code})`);
  process.exit(1);
});
// Without anybody to read the diagnostics, results and status are still right.
stderr.on('error', () => undefined);

function flush(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()));
}

redirectNodeWarnings(process, (message) => writeDiagnostic(stderr, message));
const status = await runCli(process.argv.slice(2), { env: process.env, stdout, stderr, version, stopSignal });
await Promise.all([flush(stdout), flush(stderr)]);
// What was given up, such as a probe that got no answer, must not keep the process.
process.exit(status);
