/** Calls that got no whole answer, translated into the words of `errors.ts`. */
import { UpstreamError } from '../errors.ts';

const TIMEOUT_CODES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

/** undici's name for it; its code is often missing. */
const NOT_HTTP = 'HTTPParserError';

export function timeoutError(host: string, cause?: unknown): UpstreamError {
  return new UpstreamError({ kind: 'timeout', host, message: `${host} did not answer in time` }, { cause });
}

/** @param what a clause that completes "HOST answered with ..." */
export function malformedError(host: string, what: string, cause?: unknown): UpstreamError {
  return new UpstreamError(
    { kind: 'malformed', host, message: `${host} answered with ${what}; check the connection's url` },
    { cause },
  );
}

/**
 * @param error whatever `fetch` or the reading of a body threw
 * @param signal the signal that the call was given: when it has fired, the call's time was up
 */
export function networkError(error: unknown, host: string, signal: AbortSignal): UpstreamError {
  const known = causesOf(error).find((cause) => cause instanceof UpstreamError);
  if (known !== undefined) return known;
  const code = codeOf(error);
  if (signal.aborted || TIMEOUT_CODES.has(code)) return timeoutError(host, error);
  if (code === NOT_HTTP || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return malformedError(host, 'something that is not HTTP', error);
  }
  if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ERR_ZSTD')) {
    return malformedError(host, 'a body that cannot be decompressed', error);
  }
  const message = `${host} cannot be reached, or broke the connection off${code === '' ? '' : ` (${code})`}`;
  return new UpstreamError({ kind: 'unreachable', host, message }, { cause: error });
}

/** The system's or undici's code. */
function codeOf(error: unknown): string {
  for (const cause of causesOf(error)) {
    if (cause.name === NOT_HTTP) return NOT_HTTP;
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return '';
}

/** `fetch` wraps its errors, in one `cause` or two. */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < 5; at = at.cause) causes.push(at);
  return causes;
}
