/** The log: one JSON object a line on stderr, since stdout is for results (design §4). */
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { escapeControlInJson } from '../text/escape-control.ts';
import type { LogLevel } from './log-level.ts';
import { createLogStream } from './log-stream.ts';

export type { Logger } from 'pino';

const SECRET_FIELDS = ['authorization', 'password', 'token', 'headers', 'request', 'response', 'body'];
const DEEPEST_CAUSE = 5;

const STDERR = 2;

/**
 * @param level lines below it are not written
 * @param destination where to; by default stderr, written asynchronously and flushed when the process exits
 */
export function createLogger(
  level: LogLevel,
  destination: DestinationStream = createLogStream(STDERR),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: createIsoTime(),
      formatters: { level: (label) => ({ level: label }) },
      redact: SECRET_FIELDS,
      serializers: { err: describeError },
    },
    // A branch's name must not steer the terminal of whoever reads the log.
    { write: (line) => destination.write(escapeControlInJson(line)) },
  );
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

/** Of an error only its class, code, text and causes: HTTP clients hang requests with their headers on theirs. */
function describeError(error: unknown, depth = 0): object {
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
