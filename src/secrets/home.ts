/** `~` at the beginning of a path, which a shell replaces only where it stands alone and without quotes. Pure. */

/**
 * @param home what `HOME` says
 * @returns the path with `~` or `~/` replaced; as it is without a home, and where another user's is meant (`~bot/x`)
 */
export function expandHome(path: string, home: string | undefined): string {
  return home && /^~(?:\/|$)/.test(path) ? `${home.replace(/\/+$/, '')}${path.slice(1)}` : path;
}
