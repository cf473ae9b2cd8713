/** The log: one JSON object a line on stderr, since stdout is for results (design §4). */
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type { Logger } from 'pino';
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SECRET_FIELDS = ['authorization', 'password', 'token', 'headers', 'request', 'response', 'body'];
const DEEPEST_CAUSE = 5;

const STDERR = 2;
const BATCH_BYTES = 65_536;
const LONGEST_WAIT_MS = 50;
/** When nobody reads stderr: lines beyond are dropped, rather than the process's memory filled. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024;

/**
 * @param level lines below it are not written
 * @param destination where to; by default stderr, written asynchronously and flushed when the process exits
 */
export function createLogger(level: LogLevel, destination: DestinationStream = createStderr()): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: createIsoTime(),
      formatters: { level: (label) => ({ level: label }) },
      redact: SECRET_FIELDS,
      serializers: { err: describeError },
    },
    destination,
  );
}

/**
 * Collects the lines of a few milliseconds before they are handed to pino's destination: that would hand each line to a thread,
 * or, told to collect itself (`minLength`), copy all that it holds at each line. Measured by test/bench/memory-answer.ts.
 */
function createStderr(): DestinationStream {
  const stderr = pino.destination({
    dest: STDERR,
    sync: false,
    maxLength: MOST_WAITING_BYTES,
    maxWrite: 2 * BATCH_BYTES,
  });
  const batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  let used = 0;
  const flush = () => {
    if (used === 0) return;
    stderr.write(batch.toString('utf8', 0, used));
    used = 0;
  };
  process.on('exit', () => {
    flush();
    stderr.flushSync();
  });
  return {
    write(line) {
      if (used === 0) setTimeout(flush, LONGEST_WAIT_MS).unref();
      if (line.length * 3 > BATCH_BYTES - used) flush();
      used += batch.write(line, used);
    },
  };
}

/** Pino's time as text, formatted once a millisecond at most. */
function createIsoTime(): () => string {
  let last = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== last) {
      last = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}

/**
 * Of an error only its class, code, text and causes: HTTP clients hang requests with their headers on theirs.
 * Exported for its test.
 */
export function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { message: redactText(String(error)) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...(typeof code === 'string' && { code }),
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...(error.cause !== undefined &&
      depth < DEEPEST_CAUSE && { cause: describeError(error.cause, depth + 1) }),
  };
}

/** Credentials in a URL, what follows an authorization scheme, and the tokens of GitHub and GitLab, which bear a mark. */
function redactText(text: string): string {
  return text
    .replaceAll(/:\/\/[^/\s@]+@/g, '://[redacted]@')
    .replaceAll(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 [redacted]')
    .replaceAll(/\b(?:gh[a-z]_|github_pat_|glpat-)[\w-]+/g, '[redacted]');
}
