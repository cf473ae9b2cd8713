/** Writes log lines to a file descriptor: asynchronously, in batches, and the rest at exit. */
import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

const MAX_BATCH = 65_536;
const MAX_DELAY_MS = 50;
/** A full non-blocking pipe fails with EAGAIN. This is the time until the next attempt. */
const RETRY_MS = 10;
const MAX_RETRIES_AT_EXIT = 100;
/** If the log is not read, further batches are dropped rather than filling memory or delaying calls. */
const MAX_WAITING = 128;

/**
 * Replaces pino's own destination, which throws if the disk is full, and never lets the process exit if the
 * reader of the log is gone or stuck (`flushSync` of sonic-boom 4 retries forever).
 * @param descriptor a file, pipe or terminal; if writing fails, lines are dropped
 */
export function createLogStream(descriptor: number): DestinationStream {
  let pending = '';
  const waiting: Buffer[] = [];
  let writing = false;

  function flush(): void {
    const batch = pending;
    pending = '';
    if (batch !== '' && waiting.length < MAX_WAITING) waiting.push(Buffer.from(batch));
    if (!writing) writeNext();
  }
  function writeNext(): void {
    const batch = waiting.shift();
    writing = batch !== undefined;
    if (batch !== undefined) writeRest(batch);
  }
  function writeRest(rest: Buffer): void {
    write(descriptor, rest, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(writeRest, RETRY_MS, rest);
      else if (error === null && written < rest.length) writeRest(rest.subarray(written));
      else writeNext();
    });
  }

  let started = false;
  function start(): void {
    started = true;
    // The flush timer does not keep the process alive, so the rest is written here.
    process.once('exit', () => {
      // Let a batch that a thread is writing at the moment go first.
      if (writing) sleep(RETRY_MS);
      for (const batch of [...waiting.splice(0), Buffer.from(pending)]) writeAtExit(descriptor, batch);
    });
  }

  return {
    write(line) {
      if (!started) start();
      if (pending === '') setTimeout(flush, MAX_DELAY_MS).unref();
      pending += line;
      if (pending.length >= MAX_BATCH) flush();
    },
  };
}

/** Gives up if the descriptor is broken, or if the log is not read for a second. */
function writeAtExit(descriptor: number, batch: Buffer): void {
  let rest = batch;
  for (let retries = 0; rest.length > 0 && retries < MAX_RETRIES_AT_EXIT;) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      retries++;
      sleep(RETRY_MS);
    }
  }
}

/** Blocks the thread, because no timer fires while the process exits. */
function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
