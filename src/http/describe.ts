/** A caller's value inside a message: short, on one line, and without characters that move the text about. Pure. */

const LONGEST_ECHO = 60;
/** Control and format characters, among them those that turn the writing direction. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/gu;

/** @returns the text in JSON's quotes, cut at 60 characters */
export function quote(text: string): string {
  const shown = text.length > LONGEST_ECHO ? `${text.slice(0, LONGEST_ECHO)}...` : text;
  return JSON.stringify(shown).replaceAll(INVISIBLE, escape);
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
