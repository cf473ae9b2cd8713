/** What was found, in a message: short, on one line, and never a secret. */
import { SECRET_START } from './secret-patterns.ts';

/** Names of keys whose values might be secrets, or might have become one by mistake (`tokenEnv: ghp_...`). */
export const SECRET_KEY = /token|password|passwd|secret|key|auth|credential/i;

export const SECRET_VALUE = new RegExp(`(?:${SECRET_START}).*`, 's');

export const HIDDEN = 'a value that is not shown here';

const LONGEST_FOUND = 60;

/** @returns the text in quotes, on one line, without credentials, cut when it is long */
export function quote(text: string): string {
  const shown = redact(text);
  const cut = shown.length > LONGEST_FOUND ? `${shown.slice(0, LONGEST_FOUND)}…` : shown;
  // JSON leaves line separators and text direction marks as they are.
  return JSON.stringify(cut).replaceAll(
    /[\p{Cf}\p{Zl}\p{Zp}\u{7f}-\u{9f}]/gu,
    (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
}

/** Takes out credentials in a URL or a reference (`https://user:password@host`), a URL's query, and what looks like a token. */
function redact(text: string): string {
  return text
    .replace(/^(?:[^:]*:\/\/.*|[^/]*:.*)@(?!sha\d+:)/s, '***@')
    .replace(/(:\/\/[^?]*)\?.*$/s, '$1?***')
    .replace(SECRET_VALUE, '***');
}
