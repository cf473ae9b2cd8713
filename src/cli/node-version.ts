/** Whether this Node.js is new enough. Pure, and without imports: it must load on one that is not. */

/**
 * @param version of the Node.js that runs: `20.20.2`
 * @param engines what package.json asks for: `>=22.19`
 * @returns what to tell; undefined: it is new enough
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
