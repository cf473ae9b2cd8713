/** Parses the value of `HTTPS_PROXY` and its siblings. Pure. */

/**
 * Stricter than the URL parser, which reads `http:/proxy:3128` as a host named http, `3128` as an address,
 * `"http` as a name, and `user:p@ss/word@proxy` as the host ss. Blanks are checked separately.
 */
const PROXY = new RegExp(
  [
    /^(?:(?<scheme>[a-z][a-z0-9+.-]*):\/\/)?/,
    /(?<login>[^/?#\\]*@)?/,
    /(?<host>\[[0-9a-f:.]+\]|[^/?#\\@:[\]"'`<>(){}$%&=,;|^*!+~]+)?/,
    /(?<port>:[0-9]*)?(?<rest>[/?#\\].*)?$/,
  ]
    .map(({ source }) => source)
    .join(''),
  'i',
);

const EXPECTED = "expected a proxy's URL, for example http://proxy.local:3128";

/**
 * @param text `http://proxy.local:3128`, `https://USER:PASSWORD@proxy.local`; without a scheme it is http, as
 *   in curl and Go
 * @returns the URL without its path, which has no meaning here and which undici rejects; or the problem as
 *   `found …, expected …`, which shows only the scheme, since any other part may be the password
 */
export function parseProxyUrl(text: string): URL | string {
  const parts = PROXY.exec(text)?.groups;
  const scheme = parts?.['scheme']?.toLowerCase();
  if (scheme?.startsWith('socks') === true) {
    return (
      'found a SOCKS proxy, expected an HTTP proxy, for example http://proxy.local:3128; ' +
      'SOCKS is not supported'
    );
  }
  const fault = /\s/.test(text) ? 'a URL with a blank in it' : findFault(parts);
  if (fault !== undefined) return `found ${fault}, ${EXPECTED}`;
  const written = `${scheme ?? 'http'}://${parts?.['login'] ?? ''}${parts?.['host']}${parts?.['port'] ?? ''}`;
  return URL.canParse(written) ? new URL(written) : `found ${HIDDEN}, ${EXPECTED}`;
}

const HIDDEN = 'a value that is not shown here';
const LOGIN =
  'a login with a character that must be written by its number ' +
  '(% as %25, @ as %40, / as %2F, # as %23, ? as %3F)';

function findFault(parts: Readonly<Record<string, string | undefined>> | undefined): string | undefined {
  if (parts === undefined) return HIDDEN;
  const { scheme, login = '', host, port, rest = '' } = parts;
  if (rest.includes('@') || !isDecodable(login)) return LOGIN;
  if (scheme !== undefined && !/^https?$/i.test(scheme)) return HIDDEN;
  if (host === undefined) return 'a URL without a host';
  // Without a scheme, a path indicates a misspelled scheme, or the wrong character before the port.
  const isMisspelt = scheme === undefined && (/^https?$/i.test(host) || !['', '/'].includes(rest));
  if (isMisspelt || /^[0-9]+$/.test(host)) return HIDDEN;
  return Number(port?.slice(1) ?? 1) === 0 ? 'a URL without a port after its colon' : undefined;
}

/** undici decodes user and password when it uses them, and throws on a lone `%`. */
function isDecodable(login: string): boolean {
  try {
    decodeURIComponent(login);
    return true;
  } catch {
    return false;
  }
}
