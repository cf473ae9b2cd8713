/** Expands `~` at the start of a path. The shell does so only if it is not quoted. Pure. */

/**
 * @param home the value of `HOME`
 * @returns the path with `~` or `~/` replaced; unchanged without a home, or if it names another user's
 *   (`~bot/x`)
 */
export function expandHome(path: string, home: string | undefined): string {
  return home && /^~(?:\/|$)/.test(path) ? `${home.replace(/\/+$/, '')}${path.slice(1)}` : path;
}
