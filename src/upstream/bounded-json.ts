/** Parses JSON with limits on the cost, which the size of the text alone does not bound. Pure. */

/** Digits of one number: 2^64 has 20, and no number is longer than an id. */
const LONGEST_NUMBER = 32;
/** Levels of nesting: a run has 5. */
const DEEPEST = 64;
/** Values in total: 100 runs have about 30,000. */
const MOST_VALUES = 500_000;
/** Numbers beyond 2^53: a run has at most 8 ids. */
const MOST_LONG_NUMBERS = 10_000;
/** Integers up to this many digits are exact as doubles. */
const SAFE_DIGITS = 15;

/** The text exceeds a limit; it may still be JSON. */
export class JsonBoundsError extends Error {
  override readonly name = 'JsonBoundsError';
}

/**
 * @returns the same as `JSON.parse`, but with integers beyond 2^53 as bigints, so that none is rounded
 * @throws SyntaxError if the text is not JSON; JsonBoundsError
 */
export function parseBoundedJson(text: string): unknown {
  return hasLongNumbers(text) ? JSON.parse(text, keepWhole) : JSON.parse(text);
}

function keepWhole(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? '';
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
    ? BigInt(source)
    : value;
}

/** Takes one pass, for any text. @throws JsonBoundsError */
function hasLongNumbers(text: string): boolean {
  let depth = 0;
  let values = 0;
  let longNumbers = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      values += 1;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
    else if (code === COMMA) values += 1;
    else if (isPartOfNumber(code)) {
      const start = at;
      while (isPartOfNumber(text.charCodeAt(at + 1))) at += 1;
      const length = at + 1 - start;
      if (length > LONGEST_NUMBER) throw new JsonBoundsError('a number that is far too long');
      if (length > SAFE_DIGITS) longNumbers += 1;
    }
    if (depth > DEEPEST || values > MOST_VALUES || longNumbers > MOST_LONG_NUMBERS)
      throw new JsonBoundsError('far too many values');
  }
  return longNumbers > 0;
}

const [QUOTE, COMMA, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = Buffer.from('",{}[]');

/** True for a digit, `-` or `.`. */
function isPartOfNumber(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e;
}

/** @returns the index of the closing quotation mark; the length of the text if there is none */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}
