/** Why no whole answer came over the network, in one wording for CI and registries alike. Pure. */
import type { ConnectionTrouble } from '../errors.ts';

/** A failed exchange, as far as its error tells. */
export interface FailedExchange {
  /** Left out: the error says nothing that could be acted on. */
  readonly trouble?: ConnectionTrouble;
  /** One stable sentence. */
  readonly message: string;
  /** The system's or undici's code, else the error's name; for what only some callers tell apart. */
  readonly code: string;
}

type Row = readonly [
  codes: RegExp,
  trouble: ConnectionTrouble,
  describe: (host: string, code: string) => string,
];

/** The first row that fits counts. */
const TROUBLES: readonly Row[] = [
  [
    /^(?:TimeoutError|ETIMEDOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/,
    'timeout',
    (host) => `${host} did not answer in time`,
  ],
  [
    /^(?:ENOTFOUND|EAI_\w+)$/,
    'name',
    (host, code) => `the name ${withoutPort(host)} cannot be resolved (${code})`,
  ],
  [/^ECONNREFUSED$/, 'refused', (host) => `${host} refuses connections`],
  [
    /^(?:EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)$/,
    'route',
    (host, code) => `there is no route to ${host} (${code})`,
  ],
  [
    /^(?:ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ERR_HTTP2_\w+)$/,
    'broken',
    (host) => `the connection to ${host} broke before the answer was whole`,
  ],
  [
    /^(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT)$/,
    'authority',
    (host, code) =>
      `the certificate of ${host} comes from an authority that is not trusted here (${code}); if you trust it, give it as caFile`,
  ],
  [/^CERT_HAS_EXPIRED$/, 'validity', (host, code) => `the certificate of ${host} has expired (${code})`],
  [
    /^CERT_NOT_YET_VALID$/,
    'validity',
    (host, code) => `the certificate of ${host} is not valid yet (${code})`,
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'other_name',
    (host, code) => `the certificate of ${host} is for another name (${code})`,
  ],
  // What plain http looks like where a TLS record is expected.
  [
    /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_TOO_SMALL|HTTP_REQUEST)$/,
    'no_tls',
    (host, code) => `${host} does not speak TLS on this port (${code})`,
  ],
  // An alert of the host's: there is no client certificate, or one that it does not believe.
  [
    /_ALERT_(?:\w+_)?(?:CERTIFICATE|UNKNOWN_CA)/,
    'client_certificate',
    (host, code) => `${host} wants another client certificate than it is shown (${code})`,
  ],
  [
    /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL|EPROTO$)/,
    'tls',
    (host, code) => `no trusted TLS connection to ${host} (${code})`,
  ],
  // Docker Hub has sent a 429 whose lines end in a bare LF; undici's parser refuses it.
  [
    /^(?:HPE_|HTTPParserError$|UND_ERR_HEADERS_OVERFLOW$)/,
    'not_http',
    (host) => `${host} sent an answer that is not HTTP`,
  ],
];

/** @param error whatever undici, `fetch` or the reading of a body threw */
export function describeExchangeError(error: unknown, host: string): FailedExchange {
  const code = codeOf(error);
  const row = TROUBLES.find(([codes]) => codes.test(code));
  if (row === undefined) {
    return { message: `the request to ${host} failed${code === '' ? '' : ` (${code})`}`, code };
  }
  const [, trouble, describe] = row;
  return { trouble, message: describe(host, code), code };
}

/** `fetch` wraps its errors, in one `cause` or two. The parser's error is known by its name; its code is often missing. */
function codeOf(error: unknown): string {
  const causes = causesOf(error);
  for (const cause of causes) {
    if (cause.name === 'HTTPParserError') return cause.name;
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  const name = causes.at(-1)?.name ?? '';
  return name === 'Error' ? '' : name;
}

/** @returns the error, what caused it, and so on */
export function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < 5; at = at.cause) causes.push(at);
  return causes;
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}
