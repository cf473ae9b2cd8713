import { describe, expect, it } from 'vitest';
import { parsePageNumber, placePage } from '../../../../src/ci/gitlab/page.ts';

const SOURCE = { host: 'gitlab.test' };

function place(headers: Record<string, string>, page: number, shown: number) {
  return placePage({ status: 200, headers, data: [] }, page, shown, SOURCE);
}

describe('the last page', () => {
  it.each([
    ['names no next page', { 'x-next-page': '' }, 1, 7],
    ['is not full, where a proxy drops the header', {}, 1, 99],
    ['is empty, where a proxy drops the header', {}, 2, 0],
  ])('%s', (_name, headers, page, shown) => {
    expect(place(headers, page, shown)).toEqual({ next: undefined, total: undefined, short: false });
  });

  it('may lack the one element that came in between the count and the list', () => {
    const headers = { 'x-next-page': '', 'x-total': '108' };
    expect(place(headers, 2, 7)).toEqual({ next: undefined, total: 108, short: true });
    expect(place(headers, 2, 8)).toEqual({ next: undefined, total: 108, short: false });
  });

  it.each([
    ['two elements are missing', '109', 2, 7],
    ['the only element is missing', '1', 1, 0],
    ['one is missing after a full page', '101', 1, 100],
  ])('is half a page if %s', (_name, total, page, shown) => {
    expect(() => place({ 'x-next-page': '', 'x-total': total }, page, shown)).toThrow(
      'half a page of a list',
    );
  });
});

describe('another page', () => {
  it('is followed by the next number, and may be full or not', () => {
    expect(place({ 'x-next-page': '3', 'x-total': '500' }, 2, 40)).toEqual({
      next: '3',
      total: 500,
      short: false,
    });
    expect(place({}, 4, 100)).toMatchObject({ next: '5', total: undefined });
  });

  it('is no list if it is empty', () => {
    expect(() => place({ 'x-next-page': '3' }, 2, 0)).toThrow('half a page of a list');
  });
});

describe('a total', () => {
  it.each(['', 'many', '-1', '1e3', '1234567890123456'])('is unknown if it is %j', (total) => {
    expect(place({ 'x-next-page': '', 'x-total': total }, 1, 1).total).toBeUndefined();
  });
});

describe('a cursor', () => {
  it('is the number of a page; without one, the first', () => {
    expect([parsePageNumber(undefined), parsePageNumber('12')]).toEqual([1, 12]);
  });

  it.each(['0', '01', 'x2', '2x', '1767225600000@1'])('of another provider is refused: %s', (cursor) => {
    expect(() => parsePageNumber(cursor)).toThrow('expected a cursor that this provider returned');
  });
});
