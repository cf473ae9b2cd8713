#!/usr/bin/env node
/** The entry point of the process: version check, signals, exit status. */
import { readFileSync } from 'node:fs';
import { explainOldNode } from './cli/node-version.ts';

// Old versions of Node.js must be able to run everything up to the end of this check.
const { version, engines } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string; engines: { node: string } };
const tooOld = explainOldNode(process.versions.node, engines.node);
if (tooOld !== undefined) {
  process.stderr.write(`${tooOld}\n`);
  process.exit(2);
}

// Caches the compiled code of the following imports, unless the file system is read-only.
const { enableCompileCache } = await import('node:module');
enableCompileCache();
const { runCli } = await import('./cli/program.ts');
const { writeDiagnostic } = await import('./cli/diagnostics.ts');
const { redirectNodeWarnings } = await import('./cli/node-warnings.ts');
const { handleStopSignals, SIGNALS } = await import('./cli/stop-signals.ts');

const { stdout, stderr } = process;
const stopping = new AbortController();

/** Signals end the process as usual unless a command calls this because it has to shut down gracefully. */
function stopSignal(): AbortSignal {
  handleStopSignals(process, () => stopping.abort());
  return stopping.signal;
}

// Signals without a listener do not end the first process of a container.
if (process.pid === 1) {
  for (const [signal, status] of SIGNALS) process.once(signal, () => process.exit(status));
}

stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // In `greenpin demo --keep | head -1`, the reader has enough. That is not an error, and the command keeps
  // its exit status.
  if (code === 'EPIPE') return stopping.abort();
  writeDiagnostic(stderr, `cannot write the result (${code})`);
  process.exit(1);
});
// If stderr is not read, the results and the exit status are still right.
stderr.on('error', () => undefined);

function flush(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()));
}

redirectNodeWarnings(process, (message) => writeDiagnostic(stderr, message));
const status = await runCli(process.argv.slice(2), { env: process.env, stdout, stderr, version, stopSignal });
await Promise.all([flush(stdout), flush(stderr)]);
// Abandoned work, such as a probe without an answer, must not keep the process alive.
process.exit(status);
