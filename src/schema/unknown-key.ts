/** Says what to do about a key that the configuration doesn't know. Never shows its value. */
import { findNearest } from '../text/nearest.ts';

/** Keys of the user's own beside the known ones, of any content, which is ignored: a place for YAML anchors. */
export const OWN_KEY = /^x-/;

/** What other tools have for that: `.images` (GitLab), `x_images`. */
const MEANT_AS_OWN = /^(?:[._]|x_|X-)/;

/** Keys that would hold the secret itself. */
const SECRET_KEY =
  /^(?:.*(?:token|password|passwd|secret|private_?key|api_?key|credentials?)|pat|auth|identitytoken)$/i;

/** Keys that tell where a secret is. */
const PLACE_KEY = /^(?!(?:ca|cert|key|credentials)File$).*(?:File|Env)$/;

/** Keys that had another name in earlier versions. */
const RENAMED: Readonly<Record<string, string>> = { ci: 'connections' };

/** @returns the present name of a key that `known` has under another name than an earlier version had */
export function presentName(key: string, known: readonly string[]): string | undefined {
  const name = Object.hasOwn(RENAMED, key) ? RENAMED[key] : undefined;
  return name !== undefined && known.includes(name) ? name : undefined;
}

/**
 * @param key a key that is not among the known ones
 * @param known the keys that this mapping may have
 * @returns one sentence: what was found, and what is expected
 */
export function describeUnknownKey(key: string, known: readonly string[]): string {
  const renamed = presentName(key, known);
  if (renamed !== undefined) return `found the former name of a key, expected ${renamed}`;
  const typo = findNearest(key, known);
  const places = known.filter((name) => PLACE_KEY.test(name));
  if (typo === undefined && SECRET_KEY.test(key) && places.length > 0) {
    return `found a secret in the file, expected ${places.join(' or ')}: the file only says where a secret is`;
  }
  const meant = typo ?? known.find((name) => key.length > 2 && name.startsWith(key));
  const own = MEANT_AS_OWN.test(key) ? '; a key of your own begins with x-' : '';
  const suggestion = meant === undefined ? own : `; did you mean ${meant}?`;
  return `found an unknown key, expected one of ${known.join(', ')}${suggestion}`;
}
