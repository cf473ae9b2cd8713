import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../../src/upstream/retry-after.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');

describe('Retry-After', () => {
  it.each([
    ['seconds', '7', 7000],
    ['seconds with spaces around', ' 7 ', 7000],
    ['seconds with a fraction', '1.5', 1500],
    ['a date', 'Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    ['a date in the form of RFC 850', 'Friday, 02-Jan-26 03:04:35 GMT', 30_000],
    ["a date in C's form, which is in UTC", 'Fri Jan  2 03:04:35 2026', 30_000],
    ['a date in the form of RFC 3339', '2026-01-02T03:04:35Z', 30_000],
  ])('is %s', (_, value, ms) => {
    expect(parseRetryAfter({ 'retry-after': value }, NOW)).toBe(ms);
  });

  it.each([
    ['none', '0'],
    ['a negative one', '-5'],
    ['a date that has passed', 'Fri, 02 Jan 2026 03:04:00 GMT'],
    ['an absurd date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['a fraction of a second', '0.001'],
  ])('of %s is one second', (_, value) => {
    expect(parseRetryAfter({ 'retry-after': value }, NOW)).toBe(1000);
  });

  it.each([
    ['six minutes', '360'],
    ['a trillion seconds', '1000000000000'],
    ['too many digits', '9'.repeat(400)],
    ['the year 9999', 'Fri, 31 Dec 9999 23:59:59 GMT'],
  ])('of %s is five minutes', (_, value) => {
    expect(parseRetryAfter({ 'retry-after': value }, NOW)).toBe(300_000);
  });

  it.each([undefined, '', 'soon', 'NaN', 'Infinity', '1e3', '0x10', '5 s', '1, 2', 'Fri, soon'])(
    'that is %o is ignored',
    (value) => {
      expect(parseRetryAfter({ 'retry-after': value }, NOW)).toBeUndefined();
    },
  );

  it("reads a date by the server's own clock", () => {
    const headers = { 'retry-after': 'Fri, 02 Jan 2026 05:00:30 GMT', date: 'Fri, 02 Jan 2026 05:00:00 GMT' };
    expect(parseRetryAfter(headers, NOW)).toBe(30_000);
  });

  it('sent twice is ignored', () => {
    expect(parseRetryAfter({ 'retry-after': ['7', '9'] }, NOW)).toBeUndefined();
  });
});
