/** What may stand in `HTTPS_PROXY` and its like. Pure. */

/**
 * What the URL parser would make something of that nobody meant: it takes `http:/proxy:3128` for a host named http, `3128` for an
 * address, `"http` for a name, and `user:p@ss/word@proxy` for the host ss. Blanks have been looked for before.
 */
const PROXY =
  /^(?:(?<scheme>[a-z][a-z0-9+.-]*):\/\/)?(?<login>[^/?#\\]*@)?(?<host>\[[0-9a-f:.]+\]|[^/?#\\@:[\]"'`<>(){}$%&=,;|^*!+~]+)?(?<port>:[0-9]*)?(?<rest>[/?#\\].*)?$/i;

const EXPECTED = "expected a proxy's URL, for example http://proxy.local:3128";

/**
 * @param text `http://proxy.local:3128`, `https://USER:PASSWORD@proxy.local`; `proxy.local:3128` is the former, as curl and Go read it
 * @returns the URL without a path, which means nothing here and which undici does not take; or what is wrong with it, `found …, expected
 * …`, which shows nothing of it but its scheme, since anything may be the password
 */
export function parseProxyUrl(text: string): URL | string {
  const parts = PROXY.exec(text)?.groups;
  const scheme = parts?.['scheme']?.toLowerCase();
  if (scheme?.startsWith('socks') === true) {
    return 'found a SOCKS proxy, expected an HTTP proxy, for example http://proxy.local:3128; SOCKS is not supported';
  }
  const fault = /\s/.test(text) ? 'a URL with a blank in it' : findFault(parts);
  if (fault !== undefined) return `found ${fault}, ${EXPECTED}`;
  const written = `${scheme ?? 'http'}://${parts?.['login'] ?? ''}${parts?.['host']}${parts?.['port'] ?? ''}`;
  return URL.canParse(written) ? new URL(written) : `found ${HIDDEN}, ${EXPECTED}`;
}

const HIDDEN = 'a value that is not shown here';
const LOGIN =
  'a login with a character that must be written by its number (% as %25, @ as %40, / as %2F, # as %23, ? as %3F)';

function findFault(parts: Readonly<Record<string, string | undefined>> | undefined): string | undefined {
  if (parts === undefined) return HIDDEN;
  const { scheme, login = '', host, port, rest = '' } = parts;
  if (rest.includes('@') || !isDecodable(login)) return LOGIN;
  if (scheme !== undefined && !/^https?$/i.test(scheme)) return HIDDEN;
  if (host === undefined) return 'a URL without a host';
  // Without a scheme, what has a path is a scheme that is misspelt, or a port after the wrong character.
  const isMisspelt = scheme === undefined && (/^https?$/i.test(host) || !['', '/'].includes(rest));
  if (isMisspelt || /^[0-9]+$/.test(host)) return HIDDEN;
  return Number(port?.slice(1) ?? 1) === 0 ? 'a URL without a port after its colon' : undefined;
}

/** undici decodes user and password when it needs them, which throws for a lone `%`. */
function isDecodable(login: string): boolean {
  try {
    decodeURIComponent(login);
    return true;
  } catch {
    return false;
  }
}
