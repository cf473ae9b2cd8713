/** Compares the URLs under which CI systems know a Git repository. Pure. */

/** `git@github.com:acme/shop.git`: the form of scp, as Git reads it. */
const SCP = /^(?:[^@/:]+@)?([^/:@]+):(?!\/\/)(.+)$/;

/**
 * @param url with any protocol, user and port
 * @returns host and path in lower case, `github.com/acme/shop`, since Git hosts ignore case; undefined if the
 *   text is no such URL
 */
export function parseRepositoryUrl(url: string): { host: string; path: string } | undefined {
  const [, scpHost, scpPath] = url.includes('://') ? [] : (SCP.exec(url) ?? []);
  const [host, rest] = scpHost === undefined ? splitUrl(url) : [scpHost, scpPath ?? ''];
  const path = rest
    .toLowerCase()
    .replaceAll(/^\/+|\/+$/g, '')
    .replace(/\.git$/, '');
  return host === '' || !/^[^/\s]+(?:\/[^/\s]+)+$/.test(path)
    ? undefined
    : { host: host.toLowerCase(), path };
}

/** @returns host without port, and path; both empty if it is no URL */
function splitUrl(url: string): [host: string, path: string] {
  if (!URL.canParse(url)) return ['', ''];
  const { hostname, pathname } = new URL(url);
  return [hostname, pathname];
}
