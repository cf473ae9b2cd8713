/** Builds the failures that CI and registries share. Pure. */
import { UpstreamError, type ConnectionTrouble } from '../errors.ts';

/** @param message one whole sentence */
export function malformed(
  host: string,
  message: string,
  trouble?: ConnectionTrouble,
  cause?: unknown,
): UpstreamError {
  return new UpstreamError({ kind: 'malformed', host, message, trouble }, { cause });
}

/** @param what a clause that completes "HOST answered with ..." */
export function malformedError(host: string, what: string, cause?: unknown): UpstreamError {
  return malformed(host, `${host} answered with ${what}; check the connection's url`, undefined, cause);
}

export function timeoutError(host: string, cause?: unknown): UpstreamError {
  const message = `${host} did not answer in time`;
  return new UpstreamError({ kind: 'timeout', host, message, trouble: 'timeout' }, { cause });
}
