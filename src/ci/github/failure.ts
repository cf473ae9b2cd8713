/** GitHub's answers that are not the one asked for, translated into the words of `errors.ts`. Pure. */
import type { UpstreamFailure } from '../../errors.ts';
import { parseRetryAfter } from '../../upstream/retry-after.ts';
import { clockOf, type GitHubAnswer } from './request.ts';

const SECOND = 1000;

/** What GitHub's documentation asks for after a secondary limit that names no time. */
const DEFAULT_WAIT = 60 * SECOND;

/** GitHub's windows last an hour, and its clock may be a little behind: a reset that lies further off is none. */
const LONGEST_WINDOW = 3660 * SECOND;

/** What was asked, in the words of a message. */
export interface Asked {
  readonly host: string;
  /** Name of the connection in the configuration. */
  readonly connection: string;
  readonly anonymous: boolean;
  /** `the workflow runs of acme/shop` */
  readonly what: string;
  /** The permission that it takes: `Actions: read`. */
  readonly permission: string;
}

/** @param now milliseconds since the epoch, when the answer came */
export function failureOf(answer: GitHubAnswer, asked: Asked, now: number): UpstreamFailure {
  const { host, what } = asked;
  const { status } = answer;
  if (isRateLimit(answer)) return rateLimited(answer, asked, now);
  if (status === 401) return { kind: 'denied', host, message: unauthorized(asked) };
  if (status === 403) return forbidden(answer, asked);
  if (status === 404) {
    const message = `${host} does not know ${what}, or hides it from connection "${asked.connection}": check the project's repository, and that the connection's credentials may read it ("${asked.permission}")`;
    return { kind: 'not_found', host, message };
  }
  if (status >= 500) return unavailable(answer, asked, now);
  const message = `${host} answered with the unexpected status ${status}; check the connection's url`;
  return { kind: 'malformed', host, message };
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit */
function isRateLimit({ status, headers, data }: GitHubAnswer): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers['x-ratelimit-remaining'] === '0' ||
    headers['retry-after'] !== undefined ||
    /rate limit|abuse detection/i.test(messageOf(data))
  );
}

function rateLimited(answer: GitHubAnswer, asked: Asked, now: number): UpstreamFailure {
  const { host, connection } = asked;
  const retryAfterMs = waitOf(answer, now) ?? DEFAULT_WAIT;
  const remedy = asked.anonymous
    ? '; without credentials GitHub allows 60 calls an hour, so give it a token'
    : '';
  const message = `${host} limits the rate of connection "${connection}"${remedy}`;
  return { kind: 'rate_limited', host, message, retryAfterMs };
}

function unavailable(answer: GitHubAnswer, { host }: Asked, now: number): UpstreamFailure {
  const message = `${host} cannot answer now (HTTP ${answer.status})`;
  const retryAfterMs = retryAfter(answer, now);
  return { kind: 'unavailable', host, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function waitOf(answer: GitHubAnswer, now: number): number | undefined {
  const asked = retryAfter(answer, now);
  if (asked !== undefined || answer.headers['x-ratelimit-remaining'] !== '0') return asked;
  const wait = untilReset(answer, now);
  return wait === undefined ? undefined : Math.max(wait, SECOND);
}

/**
 * How long until all calls are there again: `x-ratelimit-reset` is a moment of GitHub's clock, which the answer's `Date` tells; without
 * one, or where it makes no sense, ours counts.
 * @returns milliseconds, at most about an hour; 0: they are there; undefined: it is not said, or makes no sense by either clock
 */
export function untilReset(answer: GitHubAnswer, now: number): number | undefined {
  const reset = answer.headers['x-ratelimit-reset'] ?? '';
  if (!/^\d{1,12}$/.test(reset)) return undefined;
  const waits = [clockOf(answer), now].flatMap((clock) =>
    clock === undefined ? [] : [Number(reset) * SECOND - clock],
  );
  const possible = waits.find((wait) => wait >= 0 && wait <= LONGEST_WINDOW);
  return possible ?? (waits.some((wait) => wait < 0) ? 0 : undefined);
}

/** A date is one of GitHub's clock. */
function retryAfter(answer: GitHubAnswer, now: number): number | undefined {
  const value = answer.headers['retry-after'];
  const isSeconds = /^\s*\d+\s*$/.test(value ?? '');
  const clock = isSeconds ? now : (clockOf(answer) ?? now);
  return parseRetryAfter(value, clock);
}

function unauthorized({ host, connection, anonymous }: Asked): string {
  return anonymous
    ? `${host} wants credentials: give connection "${connection}" a token`
    : `${host} does not accept the token of connection "${connection}": it is wrong, expired or revoked`;
}

function forbidden({ headers }: GitHubAnswer, asked: Asked): UpstreamFailure {
  const { host, connection, anonymous, what, permission } = asked;
  const denied = (reason: string): UpstreamFailure => ({
    kind: 'denied',
    host,
    message: `${host} denies ${what}${reason}`,
  });
  if (anonymous) return denied(` without credentials: give connection "${connection}" a token`);
  // https://docs.github.com/rest/authentication/authenticating-to-the-rest-api#personal-access-tokens-and-saml-sso
  const sso = headers['x-github-sso'];
  if (sso?.trim().startsWith('required') !== true) {
    return denied(
      ` to connection "${connection}": it needs "${permission}" (fine-grained token or App), or the scope repo (classic token)`,
    );
  }
  const remedyUrl = authorizationPage(sso, host);
  return {
    ...denied(`: authorize the token of connection "${connection}" for the organization's single sign-on`),
    ...(remedyUrl !== undefined && { remedyUrl }),
  };
}

/** @returns the page that GitHub names, if it is one of its own: `api.github.com` has them at github.com, an Enterprise server at its host */
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
