import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createColors } from '../../../../src/cli/terminal/colors.ts';

function paint(isTTY: boolean | undefined, env: Record<string, string>): string {
  const stdout = Object.assign(new PassThrough(), isTTY === undefined ? {} : { isTTY });
  return createColors({ stdout, env })('red', 'text');
}

const RED = '\u001b[31mtext\u001b[39m';

describe('colours', () => {
  test('are there on a terminal', () => {
    expect(paint(true, {})).toBe(RED);
  });

  test.each([undefined, false])('are not there in a pipe or a file (isTTY: %s)', (isTTY) => {
    expect(paint(isTTY, {})).toBe('text');
  });

  test('are not there with NO_COLOR, whatever else says that they should be', () => {
    expect(paint(true, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe('text');
  });

  test('are there with an empty NO_COLOR, which does not count', () => {
    expect(paint(true, { NO_COLOR: '' })).toBe(RED);
  });

  test('are not there on a terminal that knows none', () => {
    expect(paint(true, { TERM: 'dumb' })).toBe('text');
  });

  test('are not forced into a pipe', () => {
    expect(paint(false, { FORCE_COLOR: '1' })).toBe('text');
  });
});
