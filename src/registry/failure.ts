/** Puts what went wrong in an HTTP exchange into the words of `UpstreamFailure`. Pure. */
import { describeExchangeError } from '../upstream/connection-failure.ts';
import {
  UpstreamError,
  type ConnectionTrouble,
  type UpstreamFailure,
  type UpstreamFailureKind,
} from '../errors.ts';
import { parseRetryAfter } from '../upstream/retry-after.ts';
import { listSecrets, type Credential } from './credentials/credential.ts';
import { isGenericReason, extractReason } from './error-reason.ts';

/** A failed exchange, and what follows from it. */
export interface Fault {
  readonly failure: UpstreamFailure;
  /** The same request may well succeed in a moment. */
  readonly retry: boolean;
  /** How long the whole host is left alone if this was the last try; 0: it is not. */
  readonly restMs: number;
}

/** A body in an encoding that is not known, or that is not what its header says. */
export class UndecodableBody extends Error {
  override readonly name = 'UndecodableBody';
}

/** A body that is larger than the caller allows. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** After a failure that says nothing of how long: so that not everybody waits for the same time-out. */
const REST_MS = 2000;

/**
 * @param error what undici (or reading the body) threw
 * @param isPlain plain http was spoken, which a port of TLS answers by closing the connection
 */
export function describeError(error: unknown, host: string, isPlain = false): Fault {
  if (error instanceof UpstreamError) return { failure: error.failure, retry: false, restMs: REST_MS };
  if (error instanceof BodyTooLarge)
    return settled(host, 'malformed', `${host} sent an answer that is too large`);
  if (error instanceof UndecodableBody)
    return settled(host, 'malformed', `${host} sent an answer that cannot be unpacked: ${error.message}`);
  const { trouble, message: what } = describeExchangeError(error, host);
  const isSuspect = isPlain && (trouble === 'broken' || trouble === 'not_http');
  const message = isSuspect ? `${what} (it was asked by plain http)` : what;
  const kind = trouble === 'timeout' ? 'timeout' : 'unreachable';
  const failure: UpstreamFailure = { kind, host, message, ...(trouble && { trouble }) };
  return { failure, retry: trouble === 'broken', restMs: REST_MS };
}

/**
 * @param retryAfter the header's value
 * @param now milliseconds since the epoch
 * @returns undefined for a status that is an answer, not a failure of the exchange. (501 is one: some registries know no HEAD.)
 */
export function describeStatus(
  status: number,
  retryAfter: string | undefined,
  host: string,
  now: number,
): Fault | undefined {
  if (status !== 429 && (status < 500 || status === 501)) return undefined;
  const retryAfterMs = parseRetryAfter(retryAfter, now);
  const failure: UpstreamFailure = {
    kind: status === 429 ? 'rate_limited' : 'unavailable',
    host,
    message: status === 429 ? `${host} limits our rate (429)` : `${host} cannot answer now (${status})`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
  // A 500 may well be one image's trouble; what stands in front of a host says 502, 503 or 504, and means the host.
  const rest = status === 429 || (status >= 502 && status <= 504) ? REST_MS : 0;
  const retry = status >= 502 && status <= 504 && retryAfterMs === undefined;
  return { failure, retry, restMs: retryAfterMs ?? rest };
}

function settled(host: string, kind: UpstreamFailureKind, message: string): Fault {
  return { failure: { kind, host, message }, retry: false, restMs: 0 };
}

/** There is no way in: it is not about one image, but about all of an image repository. */
export class NoAccess extends UpstreamError {}

/** The host answers, but not to this: what others ask is answered. */
export class OwnTrouble extends UpstreamError {}

/** @returns the error for an answer that is not what the specification says */
export function malformed(host: string, message: string, trouble?: ConnectionTrouble): UpstreamError {
  return new UpstreamError({ kind: 'malformed', host, message, ...(trouble && { trouble }) });
}

/**
 * @param host that said no: the registry or its token service
 * @param imageRepository for example `ghcr.io/acme/shop`
 * @param body of its answer, with its own reason
 */
export function denied(
  host: string,
  imageRepository: string,
  credential: Credential,
  body: Buffer,
): UpstreamError {
  const reason = extractReason(body, listSecrets(credential));
  const advice =
    credential.kind === 'anonymous'
      ? `${host} denies access to ${imageRepository} without credentials: the image is private or does not exist; ` +
        'configure credentials under registries or dockerConfigFiles'
      : `${host} denies access to ${imageRepository} with the credentials from ${credential.source}: ` +
        'they are wrong or expired, or they may not pull this image';
  const message = isGenericReason(reason) ? advice : `${advice}; it says: ${reason}`;
  return new UpstreamError({ kind: 'denied', host, message });
}
