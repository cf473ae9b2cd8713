import { describe, expect, it } from 'vitest';
import { UpstreamError } from '../../../../src/errors.ts';
import { toRunPage, type PageFacts } from '../../../../src/ci/github/page.ts';
import type { Run } from '../../../../src/resolve/types.ts';

const NEXT = '<https://api.github.com/x?page=2>; rel="next", <https://api.github.com/x?page=9>; rel="last"';

function page(count: number, facts: Partial<PageFacts>) {
  const runs = Array.from(
    { length: count },
    (_, index) => ({ id: String(index), position: 7000, tie: '' }) as Run,
  );
  return toRunPage(
    { runs, unread: [], total: count, link: undefined, etag: undefined, page: 1, filtered: false, ...facts },
    'api.github.com',
  );
}

describe('toRunPage', () => {
  it.each([
    ['no link', undefined, false],
    ['a next link', NEXT, true],
    ['an unquoted next link', '<https://api.github.com/x>; rel=next', true],
    [
      'a next link that comes last',
      '<https://api.github.com/x>; rel="prev", <https://api.github.com/y>; rel="next"',
      true,
    ],
    [
      'only prev and first',
      '<https://api.github.com/x>; rel="prev", <https://api.github.com/x>; rel="first"',
      false,
    ],
    [
      'an address that merely speaks of next',
      '<https://api.github.com/next?rel="next-to">; rel="prev"',
      false,
    ],
  ])('reads from %s whether more follows', (_name, link, more) => {
    expect(page(100, { link }).next).toBe(more ? '2' : undefined);
  });

  it('passes the validator on', () => {
    expect(page(1, { etag: 'W/"1"' }).validator).toBe('W/"1"');
    expect(page(1, {}).validator).toBeUndefined();
  });

  it.each([
    ['an empty repository', 0, {}],
    ['a last page', 50, { page: 3, total: 250 }],
    ['a page beyond the end', 0, { page: 4, total: 250 }],
    ['a full page with more to come', 100, { total: 250, link: NEXT }],
  ])('takes %s as whole', (_name, count, facts) => {
    expect(page(count, facts).runs).toHaveLength(count);
  });

  it.each([
    ['of an only page', 3, { total: 4 }],
    ['of a last page', 49, { page: 3, total: 250 }],
  ])(
    'takes a count that is one above the runs %s for one that lags, or one that is not shown',
    (_name, count, facts) => {
      expect(page(count, facts)).toMatchObject({ next: undefined, short: true });
      expect(page(count, { ...facts, total: facts.total - 1 }).short).toBe(false);
    },
  );

  it.each([4321, 1000])("takes a filtered list of %i at GitHub's limit as cut, not as ended", (total) => {
    const facts = { page: 10, filtered: true, total };
    expect(page(100, facts)).toMatchObject({ next: '1@7000', restarts: true });
    expect(page(100, { ...facts, createdBy: 9000 })).toMatchObject({ next: '1@7000', restarts: true });
    expect(page(100, { ...facts, page: 9, total: 900 })).toMatchObject({ next: undefined, restarts: false });
  });

  it('keeps the creation limit from page to page', () => {
    expect(page(100, { filtered: true, total: 250, link: NEXT, createdBy: 9000 })).toMatchObject({
      next: '2@9000',
      restarts: false,
    });
  });

  it('counts elements that could not be read among those that are shown', () => {
    const odd = {
      id: '9',
      branch: null,
      commit: null,
      position: null,
      tie: null,
      createdAt: null,
      problem: 'something',
    };
    expect(page(2, { total: 3, unread: [odd] })).toMatchObject({ next: undefined, unread: [odd] });
    expect(page(2, { total: 3, unread: [odd] }).short).toBe(false);
  });

  it.each([
    ['an empty list that claims runs', 0, { total: 3 }],
    ['a short list without a next link', 60, { total: 100 }],
    ['a short last page', 48, { page: 3, total: 250 }],
    ['a list whose count is two above it', 60, { total: 62 }],
    ['a full page whose next link is missing', 100, { total: 101 }],
    ['an empty page that is not the last', 0, { total: 250, link: NEXT }],
    ["an unfiltered list at the filtered lists' limit", 100, { page: 10, total: 4321 }],
    ['a filtered list before its limit', 100, { page: 9, total: 4321, filtered: true }],
  ])('takes %s as half a page: not known', (_name, count, facts) => {
    expect(() => page(count, facts)).toThrow(UpstreamError);
    expect(() => page(count, facts)).toThrow('half a page');
  });
});
