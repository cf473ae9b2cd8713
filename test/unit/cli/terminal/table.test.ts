import { describe, expect, test } from 'vitest';
import { fitLines, formatTable, terminalWidth, wrap } from '../../../../src/cli/terminal/table.ts';
import { textWidth } from '../../../../src/cli/terminal/text-width.ts';

describe('a table', () => {
  test('has columns as wide as their widest cell, two blanks apart', () => {
    expect(
      formatTable([
        ['ok', 'ci github', 'a'],
        ['failed', 'registry', 'bbb'],
      ]),
    ).toEqual(['ok      ci github  a  ', 'failed  registry   bbb']);
  });

  test('keeps the columns of other rows where they are when one cell is very long', () => {
    const long = 'x'.repeat(60);
    expect(
      formatTable([
        ['ok', 'a', '1'],
        ['failed', long, '2'],
      ]),
    ).toEqual(['ok      a  1', `failed  ${long}  2`]);
  });

  test('is aligned with wide characters too', () => {
    expect(
      formatTable([
        ['日本', '1'],
        ['abcde', '2'],
      ]),
    ).toEqual(['日本   1', 'abcde  2']);
  });

  test('has no lines without rows', () => {
    expect(formatTable([])).toEqual([]);
  });
});

describe('wrapping', () => {
  test('breaks between words, at the last one that fits', () => {
    expect(wrap('aaa bbb ccc', 7)).toEqual(['aaa bbb', 'ccc']);
  });

  test('breaks a line that would be one character too long', () => {
    expect(wrap('aaa bbb', 6)).toEqual(['aaa', 'bbb']);
  });

  test('leaves a word whole that is longer than a line: it may be a path to copy', () => {
    expect(wrap(`at ${'x'.repeat(20)} end`, 10)).toEqual(['at', 'x'.repeat(20), 'end']);
  });

  test('keeps a short text on one line', () => {
    expect(wrap('short', 100)).toEqual(['short']);
  });
});

describe('the width of a text', () => {
  test.each([
    ['', 0],
    ['front', 5],
    ['日本語', 6],
    ['한국', 4],
    ['ｆｕｌｌ', 8],
    ['ｶﾅ', 2],
    ['é', 1],
    ['e\u0301', 1],
    ['🚀', 2],
    ['✓ … ×', 5],
    ['❤\ufe0f', 2],
    ['👩\u200d💻', 2],
    ['🇩🇪', 2],
    ['\u001b[31mred\u001b[39m', 3],
  ])('%j is %i columns', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe('lines that are too wide for a terminal', () => {
  test('go on below, further right than they began', () => {
    expect(fitLines('  a reason that is long', 14)).toBe('  a reason\n      that is\n      long');
    expect(fitLines('words without an indent', 13)).toBe('words without\nan indent');
  });

  test('are broken before a digest, which goes as far right as it fits', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(fitLines(`  digestFront  ${digest}`, 80)).toBe(`  digestFront\n      ${digest}`);
    expect(fitLines(`             ${digest}`, 80)).toBe(`${' '.repeat(9)}${digest}`);
  });

  test('keep their colours, which take no room', () => {
    const line = '\u001b[2m  aaa bbb\u001b[22m';
    expect(fitLines(line, 9)).toBe(line);
    expect(fitLines(line, 8)).toBe('\u001b[2m  aaa\n     bbb\u001b[22m');
  });

  test('stay as they are where they fit, and where one word does not', () => {
    expect(fitLines('  a\n\n  b', 10)).toBe('  a\n\n  b');
    expect(fitLines(`  ${'x'.repeat(20)}`, 10)).toBe('x'.repeat(20));
  });
});

test('results take the width of the terminal; without one, 100 columns', () => {
  expect(terminalWidth({ isTTY: true, columns: 80 })).toBe(80);
  expect(terminalWidth({ isTTY: true, columns: 200 })).toBe(200);
  expect(terminalWidth({ isTTY: true, columns: 10 })).toBe(40);
  expect(terminalWidth({ isTTY: true, columns: 0 })).toBe(100);
  expect(terminalWidth({ columns: 80 })).toBe(100);
});
