/** The failures of registries, and what a failed exchange means for the following ones. Pure. */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { HttpResponse } from '../upstream/http-client.ts';
import { parseRetryAfter } from '../upstream/retry-after.ts';
import { listSecrets, type Credential } from './credentials/credential.ts';
import { isGenericReason, extractReason } from './error-reason.ts';

/** A failed exchange, and what follows from it. */
export interface Fault {
  readonly failure: UpstreamFailure;
  /** The same request may succeed in a moment. */
  readonly retry: boolean;
  /** How long to pause the whole host if this was the last attempt; 0 for no pause. */
  readonly restMs: number;
}

/** Pause after a failure that names no time, so that not every caller waits for the same time-out. */
const REST_MS = 2000;

/** @param failure of an exchange without a complete response */
export function describeFault(failure: UpstreamFailure): Fault {
  // A response that is too large or cannot be decompressed is a problem of this image, not of the host.
  const restMs = failure.kind === 'malformed' ? 0 : REST_MS;
  return { failure, retry: failure.trouble === 'broken', restMs };
}

/**
 * @param now milliseconds since the epoch, when the response came
 * @returns undefined for a conclusive status. (501 is one: some registries do not support HEAD.)
 */
export function describeStatus(response: HttpResponse, now: number): Fault | undefined {
  const { status, headers, url } = response;
  if (status !== 429 && (status < 500 || status === 501)) return undefined;
  const { host } = url;
  const retryAfterMs = parseRetryAfter(headers, now);
  const failure: UpstreamFailure =
    status === 429
      ? { kind: 'rate_limited', host, message: `${host} limits our rate (429)`, retryAfterMs }
      : { kind: 'unavailable', host, message: `${host} cannot answer now (${status})`, retryAfterMs };
  // A 500 may affect one image only; 502, 503 and 504 come from a proxy in front of the whole host.
  const rest = status === 429 || (status >= 502 && status <= 504) ? REST_MS : 0;
  const retry = status >= 502 && status <= 504 && retryAfterMs === undefined;
  return { failure, retry, restMs: retryAfterMs ?? rest };
}

/** Authentication failed, which affects the whole image repository, not one image. */
export class NoAccess extends UpstreamError {}

/** The host works, but not for this request: other requests to it may succeed. */
export class OwnTrouble extends UpstreamError {}

/**
 * @param host that refused: the registry or its token service
 * @param imageRepository for example `ghcr.io/acme/shop`
 * @param body of the response, with the host's own reason
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
