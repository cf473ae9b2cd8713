/** Writes the log's lines to a file descriptor: asynchronously, many at once, and the last ones when the process ends. */
import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

const BATCH_BYTES = 65_536;
const LONGEST_WAIT_MS = 50;
/** A pipe that is full and does not block says so (EAGAIN); its reader gets this long before the next try. */
const RETRY_MS = 10;
const MOST_RETRIES_AT_EXIT = 100;
/** When nobody reads: batches beyond are dropped, rather than the process's memory filled or its calls held up. */
const MOST_WAITING = 128;

/**
 * Pino's own destination hands each line to a thread, or, told to collect lines (`minLength`), goes over all that it holds at each
 * line; both show in test/bench/memory-answer.ts.
 * @param descriptor of a file, pipe or terminal; when it is broken, lines are dropped
 */
export function createLogStream(descriptor: number): DestinationStream {
  const filling = Buffer.allocUnsafeSlow(BATCH_BYTES);
  let used = 0;
  const waiting: Buffer[] = [];
  let writing = false;

  function flush(): void {
    if (used > 0) enqueue(Buffer.from(filling.subarray(0, used)));
    used = 0;
  }
  function enqueue(batch: Buffer): void {
    if (waiting.length < MOST_WAITING) waiting.push(batch);
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

  // Only for a log that is used: a process may have many that are silent.
  let started = false;
  function start(): void {
    started = true;
    // The timer below doesn't keep the process alive; what it was set for is done here.
    process.once('exit', () => {
      // A batch that a thread is writing just now goes first.
      if (writing) sleep(RETRY_MS);
      for (const batch of [...waiting.splice(0), filling.subarray(0, used)]) writeAtOnce(descriptor, batch);
    });
  }

  return {
    write(line) {
      if (!started) start();
      // A UTF-16 unit takes three bytes at most.
      const most = line.length * 3;
      if (most > BATCH_BYTES - used) flush();
      if (most > BATCH_BYTES) {
        enqueue(Buffer.from(line));
      } else {
        if (used === 0) setTimeout(flush, LONGEST_WAIT_MS).unref();
        used += filling.write(line, used);
      }
    },
  };
}

/** Gives up when the descriptor is broken, or its reader doesn't read for a second. */
function writeAtOnce(descriptor: number, batch: Buffer): void {
  let rest = batch;
  for (let retries = 0; rest.length > 0 && retries < MOST_RETRIES_AT_EXIT;) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      retries++;
      sleep(RETRY_MS);
    }
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
