import { expect, it } from 'vitest';
import { digestKey } from '../../../../src/wire/argocd/digest-key.ts';

it.each([
  ['front', 'digestFront'],
  ['Front', 'digestFront'],
  ['shopFront', 'digestShopFront'],
  ['front-end', 'digestFrontEnd'],
  ['front_end', 'digestFrontEnd'],
  ['a-b_c', 'digestABC'],
  ['a--b', 'digestAB'],
  ['web-2', 'digestWeb2'],
  ['x', 'digestX'],
])('the image %s is the parameter %s', (name, key) => {
  expect(digestKey(name)).toBe(key);
});
