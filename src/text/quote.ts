/** A caller's value inside a message: short, on one line, and without characters that move the text about. Pure. */

/** Characters of the value. */
const LONGEST_ECHO = 60;
/** What is shown of it: an escaped character takes up to nine. */
const LONGEST_SHOWN = 90;
/** Control and format characters, among them those that end a line or turn the writing direction. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** @returns the text in JSON's quotes, cut at 60 characters, or earlier where many of them are escaped */
export function quote(text: string): string {
  let shown = '';
  let characters = 0;
  for (const character of text) {
    const next = JSON.stringify(character).slice(1, -1).replaceAll(INVISIBLE, escape);
    if (++characters > LONGEST_ECHO || shown.length + next.length > LONGEST_SHOWN) return `"${shown}..."`;
    shown += next;
  }
  return `"${shown}"`;
}

function escape(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** @returns what was found where something else was expected; of lists and objects only that they are */
export function describe(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
