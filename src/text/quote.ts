/** Untrusted text in messages and on terminals: no credentials, and no control over the cursor. Pure. */
import { SECRET_VALUE } from './secret-patterns.ts';

/** In code points of the text. */
const MAX_QUOTED = 60;
/** In UTF-16 units of the output, because an escaped character takes up to twelve. */
const MAX_SHOWN = 90;
/** Control and format characters, including those that end a line or change the writing direction. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** @returns the text as a JSON string on one line, redacted, and truncated with an ellipsis */
export function quote(text: string): string {
  let shown = '';
  let characters = 0;
  for (const character of redact(text)) {
    const next = JSON.stringify(character).slice(1, -1).replaceAll(INVISIBLE, escapeCharacter);
    if (++characters > MAX_QUOTED || shown.length + next.length > MAX_SHOWN) return `"${shown}…"`;
    shown += next;
  }
  return `"${shown}"`;
}

/** @returns `\u001b`; a surrogate pair becomes two escapes, as in JSON */
function escapeCharacter(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/**
 * Removes the credentials of a URL or image reference (`https://user:password@host`), the query of a URL, and
 * anything that looks like a token. Takes linear time, because a caller chooses the text.
 */
function redact(text: string): string {
  const beforeDigest = /@sha\d+:[^@]*$/.exec(text)?.index ?? text.length;
  const at = text.lastIndexOf('@', beforeDigest - 1);
  const colon = text.indexOf(':');
  const withoutLogin = colon !== -1 && colon < at ? `***${text.slice(at)}` : text;
  const scheme = withoutLogin.indexOf('://');
  const query = scheme === -1 ? -1 : withoutLogin.indexOf('?', scheme);
  const withoutQuery = query === -1 ? withoutLogin : `${withoutLogin.slice(0, query)}?***`;
  return withoutQuery.replace(SECRET_VALUE, '***');
}

/** @returns the JSON value as it appears in a message; of lists and objects, only the type */
export function describe(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** JSON.stringify escapes the first 32 itself, and its own line breaks must stay. */
const INVISIBLE_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** @returns the text on one line, with each invisible character as its code point: `\u{1b}` */
export function escapeControl(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** @returns indented JSON without invisible characters; it parses to the same value */
export function formatJson(value: object): string {
  return escapeControlInJson(JSON.stringify(value, null, 2));
}

/**
 * @returns the JSON text with its invisible characters escaped, except line breaks; it parses to the same
 *   value
 */
export function escapeControlInJson(json: string): string {
  return json.replaceAll(INVISIBLE_IN_JSON, escapeCharacter);
}
