import { describe, expect, it } from 'vitest';
import { parseCursor, parsePage } from '../../../../src/ci/bitbucket/page.ts';

const SOURCE = { host: 'api.bitbucket.org', api: 'Bitbucket' };
const FULL = [1, 2, 3];

function parse(body: object, page = 1) {
  return parsePage({ values: FULL, ...body }, { page, pagelen: 3 }, SOURCE);
}

describe('a page', () => {
  it.each([
    ['its length is the list’s', { size: 3 }, 1, undefined],
    ['the list is longer, although no next page is linked', { size: 4 }, 1, '2'],
    ['it is linked, whatever the length', { size: 3, next: 'https://api.bitbucket.org/x' }, 1, '2'],
    ['it is full, and the length is unknown', {}, 1, '2'],
    ['it is not full, and the length is unknown', { values: [1] }, 1, undefined],
    ['it is the second of two', { size: 6 }, 2, undefined],
    ['the server lowered its length', { size: 5, values: [1, 2], pagelen: 2 }, 1, '2'],
  ])('has a next one exactly if there is more: %s', (_when, body, page, next) => {
    expect(parse(body, page).next).toBe(next);
  });

  it('says how many elements its last page lacks', () => {
    expect(parse({ size: 3 }).missing).toBe(0);
    expect(parse({ size: 3, values: [1] }).missing).toBe(2);
    expect(parse({ size: 7, values: [1] }).missing).toBe(0);
  });
});

describe('a cursor', () => {
  it.each(['', '0', '-1', 'x', '1.5', '99999999'])('is refused if it is another provider’s: %j', (cursor) => {
    expect(() => parseCursor(cursor)).toThrow(RangeError);
  });
});
