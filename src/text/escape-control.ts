/** Escapes untrusted text before it reaches a terminal: a branch name must not move the cursor. Pure. */
import { escapeCharacter, INVISIBLE } from './quote.ts';

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
