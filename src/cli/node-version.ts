/**
 * Checks the Node.js version. Pure and without imports, so that it also loads on versions that are too old.
 */

/**
 * @param version the running Node.js: `20.20.2`
 * @param engines the range in package.json: `>=22.19`
 * @returns the message for the user; undefined if the version is new enough
 */
export function explainOldNode(version: string, engines: string): string | undefined {
  const least = engines.replace('>=', '');
  const [major, minor] = numbers(version);
  const [leastMajor, leastMinor] = numbers(least);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  return `greenpin needs Node.js ${least} or newer; this is ${version}`;
}

function numbers(version: string): [major: number, minor: number] {
  const [major, minor] = version.split('.').map(Number);
  return [major ?? 0, minor ?? 0];
}
