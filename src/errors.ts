/** The failures of an upstream (CI or registry), by what happens next. */
export type UpstreamFailureKind =
  | 'timeout' // no response within the deadline of the call
  | 'unreachable' // no connection, or it broke before the response was complete
  | 'denied' // credentials are missing, wrong or insufficient (401, 403)
  | 'not_found' // the resource does not exist, or these credentials may not see it
  | 'rate_limited' // a quota or an abuse limit (429, or 403 with GitHub's rate limit headers)
  | 'unavailable' // the upstream cannot respond at present (5xx)
  | 'malformed'; // the response violates the specification: wrong shape, truncated page, HTML

/**
 * The cause of a failed connection, if more is known than the kind of failure. Each cause has its own remedy.
 */
export type ConnectionTrouble =
  | 'timeout'
  | 'name' // DNS
  | 'refused'
  | 'route'
  | 'broken' // reset, or closed early
  | 'authority' // the issuer of the host's certificate
  | 'validity' // its dates
  | 'other_name' // it is for another host
  | 'no_tls' // for example plain HTTP
  | 'client_certificate'
  | 'tls' // everything else about TLS
  | 'proxy'
  | 'proxy_login' // 407
  | 'files' // our own certificate files cannot be read
  | 'not_http'
  | 'wants_tls' // plain HTTP was sent to a TLS port
  | 'plain_realm' // an HTTPS registry names an HTTP token service
  | 'server' // one of another kind answers, or an older one than required
  | 'policy'; // the host refuses by a policy of its own, and says so

/** A failed upstream call, as a value. */
export interface UpstreamFailure {
  readonly kind: UpstreamFailureKind;
  /** The host that was called, with its port unless that is the default. */
  readonly host: string;
  /**
   * One sentence for people: what failed and, if known, what to do. It contains no secret and is stable (no
   * ids, times or counters), because Argo CD writes it into a status on every reconcile.
   */
  readonly message: string;
  /** For hints. */
  readonly trouble?: ConnectionTrouble | undefined;
  /** How long the upstream asks us to wait, in milliseconds from the response. */
  readonly retryAfterMs?: number | undefined;
  /** An upstream page on which to fix the problem. For hints only, because the URL differs each time. */
  readonly remedyUrl?: string | undefined;
}

/** Thrown by the parts that call an upstream. The core uses its `failure`. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly failure: UpstreamFailure;

  constructor(failure: UpstreamFailure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** The `error` codes of the API and their HTTP statuses. */
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

/** In UTF-16 units, because Argo CD shows the message in one line of its user interface. */
export const LONGEST_MESSAGE = 300;

/** @returns the text, truncated with an ellipsis to at most `max` UTF-16 units */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  // Do not split a surrogate pair.
  return `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** An error response. Its message is stable, tells people what to do, and is truncated. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string, options?: ErrorOptions) {
    super(shorten(message, LONGEST_MESSAGE), options);
    this.code = code;
  }
}

/** The configuration or the command line is wrong (exit status 2). Each problem is one line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.problems = problems;
  }
}
