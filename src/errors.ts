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
  | 'not_http';

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
  readonly trouble?: ConnectionTrouble;
  /** Milliseconds that the upstream asked us to stay away, from when the answer came. */
  readonly retryAfterMs?: number;
  /** A page of the upstream's where a person can put it right. For hints only: it is another one each time. */
  readonly remedyUrl?: string;
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

/** An answer of the API that is not 2xx: `message` is stable, for a person, and says what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
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
