import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseDuration } from '../../../src/schema/duration.ts';

it.each([
  ['500ms', 500],
  ['15s', 15_000],
  ['5m', 300_000],
  ['24h', 86_400_000],
  ['30d', 2_592_000_000],
  ['0s', 0],
  ['1.5h', 5_400_000],
  ['0.25s', 250],
  ['0.5ms', 1],
  ['999999d', 86_399_913_600_000],
])('%s is %d milliseconds', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

const WRONG = [
  ['', '15', 's', '-5s', '+5s', '15 s', '15S', '5min', '1h30m', '1e3s', '.5s', '5.s', '1000000s', '١s'],
  ['Infinityd', '15s\n', 'constructor', '5toString'],
].flat();

it.each(WRONG)('%j is refused with what is expected', (text) => {
  expect(() => parseDuration(text)).toThrow(
    new Error(
      `found ${JSON.stringify(text)}, expected a duration with its unit (ms, s, m, h or d), for example 15s`,
    ),
  );
});

it('every amount that it takes is an exact number of milliseconds', () => {
  const amounts = fc.tuple(fc.nat(999_999), fc.constantFrom('ms', 's', 'm', 'h', 'd'));
  fc.assert(
    fc.property(amounts, ([amount, unit]) => {
      expect(Number.isSafeInteger(parseDuration(`${amount}${unit}`))).toBe(true);
    }),
  );
});
