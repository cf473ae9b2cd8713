/** Explains why a request got no complete response: a table of error codes, messages and hints. Pure. */
import { UpstreamError, type ConnectionTrouble, type UpstreamFailure } from '../errors.ts';
import { BodyTooLarge, UndecodableBody } from './content-encoding.ts';
import { malformed, timeoutError } from './failures.ts';

/** The configuration keys that say how to reach the host, as document paths. */
export interface ConnectionKeys {
  /** The key that names the host. */
  readonly host: string;
  readonly caFile: string;
  /** The key that allows plain http; undefined if nothing does. */
  readonly http?: string;
  /** True if the host is this machine, which is contacted by plain http. */
  readonly isLoopback?: boolean;
  /** The keys of a client certificate; undefined if there are none. */
  readonly client?: string;
}

/** Details for the message of a failed exchange. */
interface Exchange {
  readonly host: string;
  /** The code of the system or of undici; with the prefix `PROXY_` if the proxy is to blame. */
  readonly code: string;
  /** `the proxy proxy.local:3128 (HTTPS_PROXY)`; undefined if the host is contacted directly. */
  readonly proxy?: string;
}

interface Row {
  /** Error codes and their message. Empty if the caller detects the trouble and writes the message. */
  readonly causes: readonly (readonly [codes: RegExp, message: string])[];
  readonly hint: (host: string, keys: ConnectionKeys) => string;
}

const USE_PROXY = 'if you need a proxy, set HTTPS_PROXY';

const TIMEOUT = /^(?:TimeoutError|ETIMEDOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/;
const NO_ROUTE = /^(?:EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)$/;
const BROKEN =
  /^(?:TruncatedBody|ECONN(?:RESET|ABORTED)|EPIPE|UND_ERR_(?:SOCKET|RES_CONTENT_LENGTH_MISMATCH)|ERR_HTTP2_\w+)$/;
/** The chain does not end at a trusted authority. */
const UNTRUSTED =
  /^(?:UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT\w*)$/;
/** Plain http where a TLS record is expected. */
const NO_TLS = /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_TOO_SMALL|HTTP_REQUEST)$/;
/** A TLS alert from the host: it got no client certificate, or one that it does not trust. */
const CLIENT_ALERT = /_ALERT_(?:\w+_)?(?:CERTIFICATE|UNKNOWN_CA)/;
const ANY_TLS = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL|EPROTO$)/;
/** Docker Hub has sent a 429 whose lines end in a bare LF; undici's parser refuses it. */
const NOT_HTTP = /^(?:HPE_|HTTPParserError$|UND_ERR_HEADERS_OVERFLOW$)/;

/** The first matching code counts. HOST, NAME (the host without its port), CODE and PROXY are filled in. */
const TROUBLES: Readonly<Record<ConnectionTrouble, Row>> = {
  timeout: {
    causes: [[TIMEOUT, 'HOST did not answer in time']],
    hint: (host) =>
      `check whether a firewall drops packets to ${host} (${USE_PROXY}), or raise server.deadline, ` +
      'half of which is the limit of one call',
  },
  name: {
    causes: [[/^(?:ENOTFOUND|EAI_\w+)$/, 'the name NAME cannot be resolved (CODE)']],
    hint: (_host, { host: key }) =>
      `check the spelling in ${key}; if it is right, the DNS server here does not know the name (${USE_PROXY})`,
  },
  refused: {
    causes: [[/^ECONNREFUSED$/, 'HOST refuses connections']],
    hint: (_host, { host: key }) =>
      `nothing listens there, or a firewall rejects the connection: check host and port in ${key}`,
  },
  route: {
    causes: [[NO_ROUTE, 'there is no route to HOST (CODE)']],
    hint: (host) => `check whether this machine or pod may reach ${host} (${USE_PROXY})`,
  },
  broken: {
    causes: [[BROKEN, 'the connection to HOST broke before the answer was whole']],
    hint: (_host, { http, isLoopback = false }) =>
      isLoopback && http !== undefined
        ? `Greenpin uses plain http on loopback: if the port speaks TLS, set ${http}: false; otherwise try again`
        : 'try again; if it keeps happening, something in between (a proxy, a firewall) cuts connections',
  },
  authority: {
    causes: [
      [
        UNTRUSTED,
        'the certificate of HOST comes from an authority that is not trusted here (CODE); ' +
          'if you trust it, give it as caFile',
      ],
    ],
    hint: (_host, { caFile }) =>
      `if it is your company's authority, give its certificate (PEM) as ${caFile}; ` +
      'otherwise, find out who answers there',
  },
  validity: {
    causes: [
      [/^CERT_HAS_EXPIRED$/, 'the certificate of HOST has expired (CODE)'],
      [/^CERT_NOT_YET_VALID$/, 'the certificate of HOST is not valid yet (CODE)'],
    ],
    hint: () => "renew the server's certificate, or correct the clock of this machine",
  },
  other_name: {
    causes: [[/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'the certificate of HOST is for another name (CODE)']],
    hint: (_host, { host: key }) =>
      `use the name in the certificate as ${key}, or have a certificate issued for this name; ` +
      'or find out who else answers there',
  },
  no_tls: {
    causes: [[NO_TLS, 'HOST does not speak TLS on this port (CODE)']],
    hint: (_host, { host: key, http }) =>
      http === undefined
        ? `check host and port in ${key}; Greenpin speaks plain http on loopback only`
        : `check the port in ${key}; to use plain http, set ${http}: true`,
  },
  client_certificate: {
    causes: [[CLIENT_ALERT, 'HOST did not accept the client certificate, or requires one (CODE)']],
    hint: (host, { client }) =>
      client === undefined
        ? `Greenpin sends ${host} no client certificate; the host must accept callers without one`
        : `check ${client}`,
  },
  tls: {
    causes: [[ANY_TLS, 'no trusted TLS connection to HOST (CODE)']],
    hint: () => 'check the TLS versions and ciphers of the host; Greenpin requires TLS 1.2 or newer',
  },
  proxy_login: {
    causes: [[/^PROXY_407$/, 'PROXY requires other credentials (CODE); put them into its URL']],
    hint: (host) =>
      `put USER:PASSWORD@ into the proxy's URL, or add ${host} to NO_PROXY if it needs no proxy`,
  },
  proxy: {
    causes: [
      [/^PROXY_\d+$/, 'PROXY does not connect to HOST (CODE)'],
      [/^UND_ERR_PRX_CONN$/, 'PROXY broke off before it had connected to HOST'],
      [/^UND_ERR_PRX_TLS$/, 'PROXY has a certificate for another host'],
      [/^PROXY_/, 'PROXY cannot be reached (CODE)'],
    ],
    hint: (host) =>
      `check the proxy and that it allows ${host}; or add the host to NO_PROXY if it needs no proxy`,
  },
  files: { causes: [], hint: () => 'correct the file, or mount the Secret there' },
  not_http: {
    causes: [[NOT_HTTP, 'HOST sent an answer that is not HTTP']],
    hint: (_host, { host: key }) =>
      `check host and port in ${key}: something other than an HTTP server answers there`,
  },
  wants_tls: {
    causes: [],
    hint: (_host, { host: key, http }) => (http === undefined ? `use https in ${key}` : `set ${http}: false`),
  },
  plain_realm: {
    causes: [],
    hint: (host) =>
      `${host} must name its token service by https: correct its realm or external URL ` +
      '(behind a proxy: X-Forwarded-Proto)',
  },
  server: { causes: [], hint: (_host, { host: key }) => `is ${key} the server that you mean?` },
  policy: { causes: [], hint: (host) => `${host} has a rule against it; ask its administrators which` },
};

/** @param failure of kind `timeout` or `unreachable`, or one with a trouble */
export function hintForConnection({ host, trouble }: UpstreamFailure, keys: ConnectionKeys): string {
  return trouble === undefined
    ? `check the way to ${host}: DNS, firewall; ${USE_PROXY}`
    : TROUBLES[trouble].hint(host, keys);
}

/** @returns the kind of trouble, and one stable sentence */
export function describeConnection({
  host,
  code,
  proxy = '',
}: Exchange): Pick<UpstreamFailure, 'trouble' | 'message'> {
  const parts: Readonly<Record<string, string>> = {
    HOST: host,
    NAME: host.replace(/:\d+$/, ''),
    CODE: code.replace(/^PROXY_/, ''),
    PROXY: proxy,
  };
  for (const [trouble, { causes }] of Object.entries(TROUBLES)) {
    const message = causes.find(([codes]) => codes.test(code))?.[1];
    if (message === undefined) continue;
    const filled = message.replaceAll(/\b(?:HOST|NAME|CODE|PROXY)\b/g, (part) => parts[part] ?? part);
    return { trouble: trouble as ConnectionTrouble, message: filled };
  }
  return { trouble: undefined, message: `the request to ${host} failed${code === '' ? '' : ` (${code})`}` };
}

/**
 * @param error thrown by undici, a proxy or while reading the body; an UpstreamError is returned unchanged
 * @param signal the signal of the request: if it was aborted, the request timed out
 */
export function toUpstreamError(
  error: unknown,
  { host, protocol }: { readonly host: string; readonly protocol?: string },
  signal?: AbortSignal,
): UpstreamError {
  const causes = listCauses(error);
  const known = causes.find((cause) => cause instanceof UpstreamError);
  if (known !== undefined) return known;
  if (error instanceof BodyTooLarge) return malformed(host, `${host} sent an answer that is too large`);
  if (error instanceof UndecodableBody)
    return malformed(host, `${host} sent an answer that cannot be decompressed: ${error.message}`);
  const { trouble, message: text } = describeConnection({ host, code: findCode(causes) });
  if (signal?.aborted === true || trouble === 'timeout') return timeoutError(host, error);
  // A TLS port answers plain http by closing the connection.
  const isSuspect = protocol === 'http:' && (trouble === 'broken' || trouble === 'not_http');
  const message = isSuspect ? `${text} (it was asked by plain http)` : text;
  return new UpstreamError({ kind: 'unreachable', host, message, trouble }, { cause: error });
}

/** undici's parser error often has no code, so its name is used. */
function findCode(causes: readonly Error[]): string {
  for (const cause of causes) {
    if (cause.name === 'HTTPParserError') return cause.name;
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  const name = causes.at(-1)?.name ?? '';
  return name === 'Error' ? '' : name;
}

/** @returns the error and its causes, outermost first */
function listCauses(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < 5; at = at.cause) causes.push(at);
  return causes;
}
