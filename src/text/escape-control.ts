/** What comes from outside, shown without letting it steer a terminal: a branch's name must not move the cursor. Pure. */

/** Control and format characters, among them those that end a line or turn the writing direction. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** JSON escapes the first 32 itself, and its own line breaks stay. */
const INVISIBLE_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** @returns the text on one line, invisible characters by their numbers: `\u{1b}` */
export function escapeControl(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => `\\u{${hex(character.codePointAt(0) ?? 0)}}`);
}

/** @returns indented JSON in which nothing is invisible; a parser reads the very same values */
export function formatJson(value: object): string {
  return escapeControlInJson(JSON.stringify(value, null, 2));
}

/** @returns the JSON text, with escapes in place of what is invisible in it, but line breaks; a parser reads the very same values */
export function escapeControlInJson(json: string): string {
  return json.replaceAll(INVISIBLE_IN_JSON, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${hex(character.charCodeAt(i)).padStart(4, '0')}`,
    ).join(''),
  );
}

function hex(code: number): string {
  return code.toString(16);
}
