/** GitHub's own failures: rate limits and single sign-on. Pure. */
import type { UpstreamFailure } from '../../errors.ts';
import type { ApiResponse } from '../../upstream/json-api.ts';
import { parseDate, parseRetryAfter } from '../../upstream/retry-after.ts';
import { describeStatus, type CallContext } from '../failure.ts';

const SECOND = 1000;

/** GitHub's documentation asks for at least this after a secondary limit that names no time. */
const DEFAULT_WAIT = 60 * SECOND;

/** GitHub's windows last an hour, and its clock may be a little behind ours. A later reset is implausible. */
const LONGEST_WINDOW = 3660 * SECOND;

/** @param now milliseconds since the epoch, when the response came */
export function describeGitHubFailure(
  response: ApiResponse,
  call: CallContext,
  now: number,
): UpstreamFailure {
  if (isRateLimit(response)) return describeRateLimit(response, call, now);
  if (response.status === 403 && !call.anonymous) return describeForbidden(response, call);
  if (isUnknownCommit(response)) return describeStatus({ ...response, status: 404 }, call, now);
  return describeStatus(response, call, now);
}

/** `No commit found for SHA: ...` */
function isUnknownCommit({ status, data }: ApiResponse): boolean {
  return status === 422 && /no commit found/i.test(messageOf(data));
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit */
function isRateLimit({ status, headers, data }: ApiResponse): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers['x-ratelimit-remaining'] === '0' ||
    headers['retry-after'] !== undefined ||
    /rate limit|abuse detection/i.test(messageOf(data))
  );
}

function describeRateLimit(response: ApiResponse, call: CallContext, now: number): UpstreamFailure {
  const { host, connection, anonymous } = call;
  const remedy = anonymous ? '; without credentials GitHub allows 60 calls an hour, so give it a token' : '';
  return {
    kind: 'rate_limited',
    host,
    message: `${host} limits the rate of connection "${connection}"${remedy}`,
    retryAfterMs: parseRetryAfter(response.headers, now) ?? untilCallsAreLeft(response, now) ?? DEFAULT_WAIT,
  };
}

function untilCallsAreLeft(response: ApiResponse, now: number): number | undefined {
  if (response.headers['x-ratelimit-remaining'] !== '0') return undefined;
  const wait = untilReset(response, now);
  return wait === undefined ? undefined : Math.max(wait, SECOND);
}

/**
 * `x-ratelimit-reset` is by GitHub's clock, which `Date` shows. Our own clock is used if there is no `Date`
 * or the result is implausible.
 * @returns milliseconds until all calls are available again, at most about an hour; 0 if they are; undefined
 *   if the response does not say, or is implausible by either clock
 */
export function untilReset({ headers }: ApiResponse, now: number): number | undefined {
  const reset = headers['x-ratelimit-reset'] ?? '';
  if (!/^\d{1,12}$/.test(reset)) return undefined;
  const clocks = [parseDate(headers), now].filter((clock) => clock !== undefined);
  const waits = clocks.map((clock) => Number(reset) * SECOND - clock);
  const possible = waits.find((wait) => wait >= 0 && wait <= LONGEST_WINDOW);
  return possible ?? (waits.some((wait) => wait < 0) ? 0 : undefined);
}

/**
 * https://docs.github.com/rest/authentication/authenticating-to-the-rest-api#personal-access-tokens-and-saml-sso
 */
function describeForbidden({ headers }: ApiResponse, call: CallContext): UpstreamFailure {
  const { host, connection, what, permission } = call;
  const sso = headers['x-github-sso'];
  const isSso = sso?.trim().startsWith('required') === true;
  const reason = isSso
    ? `: authorize the token of connection "${connection}" for the organization's single sign-on`
    : ` to connection "${connection}": it needs ${permission} (fine-grained token or App), ` +
      'or the scope repo (classic token)';
  const remedyUrl = isSso ? authorizationPage(sso, host) : undefined;
  return { kind: 'denied', host, message: `${host} denies ${what}${reason}`, remedyUrl };
}

/**
 * @returns the URL that GitHub names, if it is GitHub's own: on github.com for `api.github.com`, or on the
 *   Enterprise server's host
 */
function authorizationPage(sso: string, host: string): string | undefined {
  const text = /;\s*url=([\x21-\x7e]{1,2000})\s*$/.exec(sso)?.[1] ?? '';
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, username, password, href } = new URL(text);
  const own = host.replace(/:\d+$/, '').replace(/^api\./, '');
  const isOwn = protocol === 'https:' && hostname === own && username === '' && password === '';
  return isOwn ? href : undefined;
}

function messageOf(data: unknown): string {
  if (typeof data !== 'object' || data === null || !('message' in data)) return '';
  return typeof data.message === 'string' ? data.message : '';
}
