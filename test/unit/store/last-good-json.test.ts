import { expect, it } from 'vitest';
import { formatLastGood, parseLastGood } from '../../../src/store/last-good-json.ts';
import { createLastGood } from '../../fixtures/store/last-good.ts';

const ID = '9999999999';
const known = createLastGood(1, { id: ID, tie: ID.padStart(20, '0') });

it("the merge queue's branch that was built is stored with the build", () => {
  const build = { ...known.set.build, queueBranch: 'gh-readonly-queue/main/pr-1-a' };
  const stored = { ...known, set: { ...known.set, build } };
  expect(parseLastGood(formatLastGood(stored))).toEqual(stored);
});

it('the target branch that an image comes from is stored with it', () => {
  const { set } = known;
  const image = { ...set.images['front'], target: 'main' };
  const stored = { ...known, set: { ...set, images: { ...set.images, front: image } } } as typeof known;
  expect(parseLastGood(formatLastGood(stored))).toEqual(stored);
});

it("an answer that was stored without a tie-break gets GitHub's, made of the id", () => {
  const text = formatLastGood(known).replace(/"tie":"\d+"/, '"before":1');
  expect(parseLastGood(text)).toEqual(known);
});
