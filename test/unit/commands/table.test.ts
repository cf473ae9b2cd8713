import { describe, expect, test } from 'vitest';
import { formatTable, wrap } from '../../../src/commands/table.ts';

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
