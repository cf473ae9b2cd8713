import { describe, expect, test } from 'vitest';
import { escapeControl, formatJson } from '../../../src/text/quote.ts';

const HOSTILE = [
  ['an escape sequence', '\u001b[2J'],
  ['a one-character control sequence introducer', '\u009b2J'],
  ['a bell', '\u0007'],
  ['a carriage return', 'good\rbad'],
  ['a line break', 'one\ntwo'],
  ['a line separator', 'one\u2028two'],
  ['an override of the writing direction', 'a\u202eb'],
  ['an isolate of the writing direction', 'a\u2066b'],
  ['a blank of no width', 'a\u200bb'],
  ['a tag character beyond the first plane', 'a\u{e0041}b'],
  ['delete', 'a\u007fb'],
] as const;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe('text from outside', () => {
  test.each(HOSTILE)('shows %s by its number', (_what, text) => {
    expect(escapeControl(text)).not.toMatch(INVISIBLE);
    expect(escapeControl(text)).toMatch(/\\u\{[0-9a-f]+\}/);
  });

  test('names the character', () => {
    expect(escapeControl('a\u001b[31mb\u{e0041}')).toBe(String.raw`a\u{1b}[31mb\u{e0041}`);
  });

  test('leaves letters of any script, emoji and blanks as they are', () => {
    const text = 'renovate/major — größe 日本 🚀 "x" \\n';
    expect(escapeControl(text)).toBe(text);
  });
});

describe('JSON for a terminal', () => {
  test.each(HOSTILE)('shows %s as an escape, and means the same', (_what, text) => {
    const json = formatJson({ text, [text]: true });
    expect(json.replaceAll('\n', '')).not.toMatch(INVISIBLE);
    expect(JSON.parse(json)).toEqual({ text, [text]: true });
  });

  test('is indented', () => {
    expect(formatJson({ a: ['b'] })).toBe('{\n  "a": [\n    "b"\n  ]\n}');
  });
});
