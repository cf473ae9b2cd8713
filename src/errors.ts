/**
 * What can go wrong with an upstream (CI or registry), in the words that decide what happens next:
 * - `timeout`: no answer within the call's deadline
 * - `unreachable`: no connection, or it broke before the answer was whole (DNS, TLS, reset, truncated body)
 * - `denied`: credentials missing, wrong or not sufficient (401, 403)
 * - `not_found`: the thing asked for is not there, or is hidden from these credentials
 * - `rate_limited`: a quota or an abuse limit (429, or 403 with GitHub's rate limit headers)
 * - `unavailable`: the upstream says that it cannot answer now (5xx)
 * - `malformed`: an answer that is not what the specification says: wrong shape, half a page, an HTML page
 */
export type UpstreamFailureKind =
  'timeout' | 'unreachable' | 'denied' | 'not_found' | 'rate_limited' | 'unavailable' | 'malformed';

/**
 * What stood in the way of a whole answer, where more is known than the failure's kind: what to do about it differs.
 * - `timeout`, `name` (DNS), `refused`, `route`, `broken` (reset, or closed half-way)
 * - `authority`, `validity`, `other_name` (of the host's certificate), `no_tls` (plain http, say), `client_certificate`, `tls` (anything else)
 * - `proxy`, `proxy_login` (407): what stands between
 * - `files`: certificates of ours that cannot be read
 * - `not_http`
 * - `wants_tls`: plain http was spoken to a port of TLS; `plain_realm`: a registry of https names a token service of http
 * - `policy`: the host refuses by a rule of its own, and says so
 */
export type ConnectionTrouble =
  | 'timeout'
  | 'name'
  | 'refused'
  | 'route'
  | 'broken'
  | 'authority'
  | 'validity'
  | 'other_name'
  | 'no_tls'
  | 'client_certificate'
  | 'tls'
  | 'proxy'
  | 'proxy_login'
  | 'files'
  | 'not_http'
  | 'wants_tls'
  | 'plain_realm'
  | 'policy';

/** One failed upstream call, as a value that can be kept, compared, shown and answered. */
export interface UpstreamFailure {
  readonly kind: UpstreamFailureKind;
  /** Host (and port, if not the default) that was asked. */
  readonly host: string;
  /**
   * One sentence for a person: what failed and, where known, what to do. It is stable (no ids, times, counters), since
   * Argo CD writes it into a status on every reconcile, and it bears no secret.
   */
  readonly message: string;
  /** For hints. */
  readonly trouble?: ConnectionTrouble | undefined;
  /** Milliseconds that the upstream asked us to stay away, from when the answer came. */
  readonly retryAfterMs?: number | undefined;
  /** A page of the upstream's where a person can put it right. For hints only: it is another one each time. */
  readonly remedyUrl?: string | undefined;
}

/** Thrown by the parts that talk to an upstream; `failure` is what the core works with. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly failure: UpstreamFailure;

  constructor(failure: UpstreamFailure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** The `error` codes of the API (design §1), each with its HTTP status. */
export const API_ERROR_STATUS = {
  invalid_request: 400,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  internal_error: 500,
  upstream_failed: 502,
  not_ready: 503,
  rate_limited: 503,
  deadline_exceeded: 504,
} as const;

export type ApiErrorCode = keyof typeof API_ERROR_STATUS;

/** In UTF-16 units. Argo CD shows a message as the ApplicationSet's health, in a line of its user interface (design §1). */
export const LONGEST_MESSAGE = 300;

/** @returns the text, at most so many UTF-16 units of it; where some are left out, it ends with an ellipsis */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  // Half of a surrogate pair is no character.
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** An answer of the API that is not 2xx: `message` is stable, for a person, says what to do, and is no longer than it may be. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string, options?: ErrorOptions) {
    super(shorten(message, LONGEST_MESSAGE), options);
    this.code = code;
  }
}

/** The configuration (or the command line) is wrong: exit status 2. Each problem is one line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.problems = problems;
  }
}
