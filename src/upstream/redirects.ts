/** Follows redirects that a policy allows; credentials never leave their origin. */
import { malformed } from './failures.ts';
import { headerValue, type HttpRequest, type HttpResponse } from './http-client.ts';

/** @returns why `target` must not be requested, completing "HOST redirects to ..."; undefined if it may be */
export type RedirectPolicy = (target: URL, from: URL) => string | undefined;

const MAX_REDIRECTS = 5;

/** Statuses that name another place for the same GET (RFC 9110, 15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * @param send one exchange, called again for each redirect
 * @param isAnswer whether a redirect there is returned as the response itself, such as one to a sign-in page
 * @throws UpstreamError `malformed` for a forbidden, invalid or endless redirect, or as `send` does
 */
export async function followRedirects(
  request: HttpRequest,
  policy: RedirectPolicy,
  send: (hop: HttpRequest) => Promise<HttpResponse>,
  isAnswer: (target: URL) => boolean = () => false,
): Promise<HttpResponse> {
  let hop = request;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await send(hop);
    const location = headerValue(response, 'location');
    if (!REDIRECTS.has(response.status) || location === undefined) return response;
    if (URL.canParse(location, hop.url.href) && isAnswer(new URL(location, hop.url))) return response;
    hop = redirect(hop, location, policy);
  }
  throw malformed(request.url.host, `${request.url.host} redirects without end`);
}

/**
 * Authorization must not follow to another origin (RFC 9110, 15.4), nor a POST anywhere: its body may hold a
 * secret.
 */
function redirect(hop: HttpRequest, location: string, policy: RedirectPolicy): HttpRequest {
  const { host } = hop.url;
  if (!URL.canParse(location, hop.url.href)) throw malformed(host, `${host} redirects to an invalid URL`);
  if (hop.method === 'POST') throw malformed(host, `${host} redirects a POST request`);
  const url = new URL(location, hop.url);
  const reason = policy(url, hop.url);
  if (reason !== undefined) throw malformed(host, `${host} redirects to ${reason}`);
  const { authorization: _, ...others } = hop.headers;
  return { ...hop, url, headers: url.origin === hop.url.origin ? hop.headers : others };
}

/**
 * A policy for APIs: a renamed repository redirects within its origin. Another origin must not see the
 * request, and its response must not count as the configured host's.
 */
export function stayOnOrigin(target: URL, from: URL): string | undefined {
  return target.origin === from.origin && target.username === '' && target.password === ''
    ? undefined
    : "another origin, which Greenpin does not trust with its credentials; correct the connection's url";
}
