/** GitLab's own failures and its quota headers. Pure. */
import type { UpstreamFailure } from '../../errors.ts';
import type { ApiResponse } from '../../upstream/json-api.ts';
import { parseDate, parseRetryAfter } from '../../upstream/retry-after.ts';
import type { QuotaReading } from '../client.ts';
import { describeStatus, type CallContext } from '../failure.ts';

const SECOND = 1000;
/** GitLab's longest limits are per hour. A reset that is further away is implausible. */
const LONGEST_WINDOW = 3660 * SECOND;

/** @param now milliseconds since the epoch, when the response came */
export function describeGitLabFailure(
  response: ApiResponse,
  call: CallContext,
  now: number,
): UpstreamFailure {
  const { status, headers } = response;
  if (status === 403 && !call.anonymous && lacksScope(response)) {
    return describeStatus(response, { ...call, permission: 'the scope read_api' }, now);
  }
  const failure = describeStatus(response, call, now);
  // The body is the plain text "Retry later", and a proxy may have dropped Retry-After.
  const isSilent = status === 429 && parseRetryAfter(headers, now) === undefined;
  const wait = isSilent ? untilReset(response, now) : undefined;
  return wait === undefined ? failure : { ...failure, retryAfterMs: Math.max(wait, SECOND) };
}

/** `{"error": "insufficient_scope", ...}`: https://docs.gitlab.com/api/rest/authentication/ */
function lacksScope({ data }: ApiResponse): boolean {
  return typeof data === 'object' && data !== null && 'error' in data && data.error === 'insufficient_scope';
}

/** https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers */
export function readGitLabQuota(response: ApiResponse, now: number): QuotaReading | undefined {
  const { headers } = response;
  const remaining = Number(headers['ratelimit-remaining'] ?? Number.NaN);
  const limit = Number(headers['ratelimit-limit'] ?? Number.NaN);
  if (!Number.isSafeInteger(remaining) || !Number.isSafeInteger(limit)) return undefined;
  const wait = untilReset(response, now);
  return { remaining, limit, resetsAt: wait === undefined ? Infinity : now + wait };
}

/**
 * `RateLimit-Reset` is in seconds since the epoch by GitLab's clock, which `Date` shows.
 * @returns milliseconds, 0 if it has passed; undefined if missing or implausible
 */
function untilReset({ headers }: ApiResponse, now: number): number | undefined {
  const reset = headers['ratelimit-reset'] ?? '';
  if (!/^\d{1,12}$/.test(reset)) return undefined;
  const wait = Number(reset) * SECOND - (parseDate(headers) ?? now);
  return wait > LONGEST_WINDOW ? undefined : Math.max(0, wait);
}
