/** A client for a CI system's or Git host's JSON API below one URL. */
import { JsonBoundsError, parseBoundedJson } from './bounded-json.ts';
import { malformedError } from './failures.ts';
import { createHttpClient, type HttpClientDeps } from './http-client.ts';
import { followRedirects, stayOnOrigin } from './redirects.ts';

export interface ApiRequest {
  /** Default: GET. */
  readonly method?: 'GET' | 'POST' | undefined;
  /** Path below the API's URL, encoded (see `apiPath`). */
  readonly path: string;
  /** Undefined values are omitted. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** The body of a POST, sent as JSON; undefined: no body. */
  readonly json?: unknown;
  readonly signal: AbortSignal;
}

/** Any HTTP response, whatever its status. */
export interface ApiResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON, with integers beyond 2^53 as bigints; the text if it is not JSON. */
  readonly data: unknown;
}

/** Throws UpstreamError only if there was no complete response. */
export type SendApi = (request: ApiRequest) => Promise<ApiResponse>;

/** 100 runs take about 1.5 MiB, unless their commit messages are extremely long. */
const MAX_BYTES = 16 * 1024 * 1024;
/** A longer error body is ignored, to bound the cost of parsing it for a reason. */
const MAX_REASON_BYTES = 65_536;
const JSON_TYPE = /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/**
 * @param url of the API: `https://api.github.com`, `https://HOST/api/v3`; a trailing slash is tolerated
 * @param headers sent with every request
 * @param isSignIn whether a redirect leads to a sign-in page. It is then returned, not followed
 */
export function createJsonApi(
  url: string,
  headers: Readonly<Record<string, string>>,
  deps: HttpClientDeps,
  isSignIn?: (target: URL) => boolean,
): SendApi {
  const send = createHttpClient(deps);
  const common = { 'accept-encoding': 'gzip, deflate, br', ...headers };
  return async ({ method = 'GET', path, query = {}, headers: own, json, signal }) => {
    const target = new URL(`${url.replace(/\/+$/, '')}${path}`);
    target.search = Object.entries(query)
      .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encode(String(value))}`]))
      .join('&');
    const type = json === undefined ? undefined : 'application/json';
    const request = {
      method,
      url: target,
      headers: { ...common, ...own, 'content-type': type },
      body: json === undefined ? undefined : JSON.stringify(json),
      maxBytes: MAX_BYTES,
    };
    const response = await followRedirects(request, stayOnOrigin, (hop) => send(hop, signal), isSignIn);
    const { status, body } = response;
    const texts = Object.entries(response.headers).map(([name, value]) => [name, value?.toString()]);
    const answered: ApiResponse['headers'] = Object.fromEntries(texts);
    const isJson = JSON_TYPE.test(answered['content-type'] ?? '');
    return { status, headers: answered, data: parseBody(body, isJson, status, target.host) };
  };
}

/** Encodes the values of a template as segments of a path: `` apiPath`/repos/${owner}/${name}` ``. */
export function apiPath(template: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: template }, ...values.map(encode));
}

/** Half of a surrogate pair is a legal string, but has no encoding; not every API reads `+` as a blank. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function parseBody(body: Buffer, isJson: boolean, status: number, host: string): unknown {
  const failed = status >= 400;
  if (failed && body.length > MAX_REASON_BYTES) return '';
  const text = new TextDecoder().decode(body);
  if (!isJson) return text;
  try {
    return parseBoundedJson(text);
  } catch (error) {
    if (failed || !(error instanceof JsonBoundsError)) return text;
    throw malformedError(host, 'numbers or nesting beyond any real answer', error);
  }
}
