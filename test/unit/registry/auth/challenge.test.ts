import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../../src/registry/auth/challenge.ts';

/** As plain values: `[scheme, parameters]`. */
function parse(header: string | string[] | undefined): [string, Record<string, string>][] {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe('a WWW-Authenticate header', () => {
  it.each<[string, string | string[] | undefined, [string, Record<string, string>][]]>([
    ['nothing', undefined, []],
    ['an empty line', '', []],
    ['only commas', ' , ,, ', []],
    [
      'one challenge',
      'Bearer realm="https://a/t",service="s"',
      [['bearer', { realm: 'https://a/t', service: 's' }]],
    ],
    [
      'two on one line',
      'Bearer realm="a",scope="*",Basic realm="b"',
      [
        ['bearer', { realm: 'a', scope: '*' }],
        ['basic', { realm: 'b' }],
      ],
    ],
    [
      'two on two lines',
      ['Basic realm="b"', 'Bearer realm="a"'],
      [
        ['basic', { realm: 'b' }],
        ['bearer', { realm: 'a' }],
      ],
    ],
    [
      'quoted commas',
      'Bearer scope="repository:x:pull,push",realm="a"',
      [['bearer', { scope: 'repository:x:pull,push', realm: 'a' }]],
    ],
    ['a scheme in quotes', 'Bearer realm="a, Basic realm=x"', [['bearer', { realm: 'a, Basic realm=x' }]]],
    ['escapes', 'Bearer realm="a\\"b\\\\c\\d"', [['bearer', { realm: 'a"b\\cd' }]]],
    [
      'values without quotes',
      'Bearer realm=https://a/t?x=1,service=s',
      [['bearer', { realm: 'https://a/t?x=1', service: 's' }]],
    ],
    ['an empty quoted value', 'Bearer service="",realm="a"', [['bearer', { service: '', realm: 'a' }]]],
    ['an empty value', 'Bearer service=,realm="a"', [['bearer', { service: '', realm: 'a' }]]],
    ['an empty value at the end', 'Bearer realm="a",service=', [['bearer', { realm: 'a', service: '' }]]],
    ['upper case', 'BEARER REALM="A"', [['bearer', { realm: 'A' }]]],
    [
      'space around the equals sign',
      'Bearer realm = "a" , service\t=s',
      [['bearer', { realm: 'a', service: 's' }]],
    ],
    [
      'token68',
      'Negotiate YII/b+c==, Bearer realm="a"',
      [
        ['negotiate', {}],
        ['bearer', { realm: 'a' }],
      ],
    ],
    [
      'token68 with one equals sign',
      'Negotiate YII/b=, Bearer realm="a"',
      [
        ['negotiate', {}],
        ['bearer', { realm: 'a' }],
      ],
    ],
    [
      'token68 without padding',
      'Negotiate YIIb, Bearer realm="a"',
      [
        ['negotiate', {}],
        ['bearer', { realm: 'a' }],
      ],
    ],
    [
      'schemes alone',
      'Negotiate, NTLM, Basic realm="b"',
      [
        ['negotiate', {}],
        ['ntlm', {}],
        ['basic', { realm: 'b' }],
      ],
    ],
    [
      'no comma between challenges',
      'Bearer realm="a" Basic realm="b"',
      [
        ['bearer', { realm: 'a' }],
        ['basic', { realm: 'b' }],
      ],
    ],
    ['a name twice', 'Bearer realm="a",realm="b"', [['bearer', { realm: 'a' }]]],
    ['a parameter outside a challenge', 'realm="a",Basic realm="b"', [['basic', { realm: 'b' }]]],
    ['an unterminated quote', 'Bearer service="s",realm="a', [['bearer', { service: 's' }]]],
    ['an escape at the end', 'Bearer realm="a\\', [['bearer', {}]]],
    ['what is no token', 'Bearer realm="a",(x),service="s"', [['bearer', { realm: 'a', service: 's' }]]],
    [
      'a name of an object',
      'Bearer __proto__="x",constructor="y"',
      [
        [
          'bearer',
          Object.fromEntries([
            ['__proto__', 'x'],
            ['constructor', 'y'],
          ]),
        ],
      ],
    ],
  ])('is read with %s', (_, header, challenges) => {
    expect(parse(header)).toEqual(challenges);
  });

  it('is read back as it was written', () => {
    const token = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
    const challenge = fc.tuple(token, fc.dictionary(token, fc.string(), { minKeys: 1 }));
    expect(
      fc.check(
        fc.property(fc.array(challenge), fc.boolean(), (challenges, onOneLine) => {
          const lines = challenges.map(([scheme, parameters]) => `${scheme} ${writeParameters(parameters)}`);
          const wanted = challenges.map(([scheme, parameters]) => [scheme, { ...parameters }]);
          return isDeepStrictEqual(parse(onOneLine ? lines.join(', ') : lines), wanted);
        }),
      ),
    ).toMatchObject({ failed: false });
  });

  it('never makes the parser throw', () => {
    const pieces = fc.constantFrom(
      'Bearer',
      'Basic',
      ' ',
      ',',
      '=',
      '"',
      '\\',
      '\t',
      'realm',
      'é',
      '/',
      '\0',
    );
    expect(
      fc.check(
        fc.property(fc.array(pieces, { maxLength: 60 }), fc.string({ unit: 'binary' }), (parts, text) => {
          return Array.isArray(parseChallenges([parts.join(''), text]));
        }),
      ),
    ).toMatchObject({ failed: false });
  });

  // With work that grows with the square, this would run into the time limit of the test.
  it.each([
    'a',
    'a ',
    'a=',
    'a="',
    '=',
    '"',
    '\\',
    ',',
    ' ',
    '\t',
    'a=b ',
    'a b,',
    'a==',
    '/',
    'a/ ',
    '(',
    'Bearer a="b",',
  ])('of 300 kB of %j is read in one go', (piece) => {
    const text = piece.repeat(300_000 / piece.length);
    for (const header of [text, `Bearer ${text}`, `Bearer realm="${text}`, `Bearer ${text}"`]) {
      expect(Array.isArray(parseChallenges(header))).toBe(true);
    }
  });
});

function writeParameters(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`)
    .join(',');
}
