import { describe, expect, it } from 'vitest';
import { JsonBoundsError, parseBoundedJson } from '../../../src/upstream/bounded-json.ts';

describe('JSON within bounds', () => {
  it.each([
    ['{"a":[1,-2.5e3,true,null,"x"]}'],
    ['{"quote":"\\"[[[[","escape":"\\\\","digits":"12345678901234567890123456789012345"}'],
    ['"\\\\\\""'],
    ['9007199254740991'],
    ['0.12345678901234567'],
    ['[]'],
  ])('is read as JSON.parse reads it: %s', (text) => {
    expect(parseBoundedJson(text)).toEqual(JSON.parse(text));
  });

  it('keeps integers that no double can hold', () => {
    expect(
      parseBoundedJson('{"a":9007199254740993,"b":[-18446744073709551616],"c":"9007199254740993"}'),
    ).toEqual({
      a: 9_007_199_254_740_993n,
      b: [-18_446_744_073_709_551_616n],
      c: '9007199254740993',
    });
  });

  it('keeps the shortest of them, too', () => {
    expect(parseBoundedJson('[9007199254740993]')).toEqual([9_007_199_254_740_993n]);
  });

  it.each([[''], ['{'], ['{"a":1,}'], ['<html>'], ['"'], ['"\\'], ['1 2']])(
    'refuses %j, which is none',
    (text) => {
      expect(() => parseBoundedJson(text)).toThrow(SyntaxError);
    },
  );

  it.each([
    ['a number of a million digits', `{"id":${'1'.repeat(1_000_000)}}`],
    ['one with as many decimals', `[0.${'1'.repeat(1_000_000)}]`],
    ['very many numbers that no double can hold', `[${'12345678901234567890,'.repeat(100_000)}0]`],
    ['arrays within arrays', '['.repeat(1000) + ']'.repeat(1000)],
    ['objects within objects', '{"a":'.repeat(1000)],
    ['a million values', `[${'0,'.repeat(1_000_000)}0]`],
  ])('refuses %s before anything of it is parsed', (_name, text) => {
    expect(() => parseBoundedJson(text)).toThrow(JsonBoundsError);
  });

  it('accepts texts of any length and content', () => {
    for (const part of ['1', '[', '\\"', '\\\\', '{"']) {
      const text = JSON.stringify([part.repeat(100_000)]);
      expect(parseBoundedJson(text)).toEqual(JSON.parse(text));
    }
  });
});
