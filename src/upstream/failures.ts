/** Calls that got no whole answer, translated into the words of `errors.ts`. */
import { causesOf, describeExchangeError } from './connection-failure.ts';
import { UpstreamError } from '../errors.ts';

export function timeoutError(host: string, cause?: unknown): UpstreamError {
  const message = `${host} did not answer in time`;
  return new UpstreamError({ kind: 'timeout', host, message, trouble: 'timeout' }, { cause });
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
  const { trouble, message, code } = describeExchangeError(error, host);
  if (signal.aborted || trouble === 'timeout') return timeoutError(host, error);
  if (/^(?:Z_|ERR_BROTLI|ERR_ZSTD)/.test(code)) {
    return malformedError(host, 'a body that cannot be decompressed', error);
  }
  const kind = trouble === 'not_http' ? 'malformed' : 'unreachable';
  return new UpstreamError({ kind, host, message, ...(trouble && { trouble }) }, { cause: error });
}
