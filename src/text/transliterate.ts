/** Transliterates text to ASCII as Argo CD does, as far as a slug shows the difference. Pure. */
import unidecode from 'unidecode';

/**
 * Argo CD uses github.com/gosimple/unidecode 1.0.1, an older port of Perl's Text::Unidecode than the npm
 * package. These are the characters (hexadecimal) for which the two yield different slugs, with Argo CD's
 * text. A range may include characters for which they agree. test/argocd/slug_test.go compares every
 * character.
 */
const DIFFERENCES: readonly (readonly [text: string, characters: string])[] = [
  ['', '80-9f 2e5-2eb 2ff 3ff 4ff 5c0 5ff 6ff 7ff 9ff aff bff cff dff eff fff 10ff 11ff 13ff 16ff'],
  ['', '17ff 18ff 1eff 1fff 20ff 2122 21ff 22ff 23ff 24ff 25ff 26ff 27ff 2eff 2fff 30ff 31ff 32ff'],
  ['', '33ff 4dff 9fff a4ff d7ff faff fdf0-fdfb fdff'],
  ['-', '2ef-2fe 3f4-3fe 42a 44a af1-af9 13f5-13fd 1e9c-1e9d 1e9f 1efa-1efe 213b-213f 25f4-25f7'],
  ['-', '4e00 fdfc-fdfd'],
  ['0', '24ea'],
  ['a', '212b 2c65 2c6f'],
  ['b', '1d6c 1d80'],
  ['chi', '3061 30c1'],
  ['d', '1d6d 1d81'],
  ['eu', '20ac'],
  ['f', '1d6e 1d82 2132 214e'],
  ['g', '1d77 1d83'],
  ['h', '2c67-2c68'],
  ['ie', '404'],
  ['k', '2b0 1d84 212a 2c69-2c6a'],
  ['l', '1d85 2c60-2c62'],
  ['m', '1d6f 1d86 2c6e'],
  ['n', '1d70 1d87'],
  ['p', '1d71 1d7d 1d88 2c63'],
  ['r', '1d72-1d73 1d89 2c64'],
  ['s', '1d74 1d8a'],
  ['shi', '3057 30b7'],
  ['t', '1d75 2c66'],
  ['tsu', '3063-3064 30c3-30c4'],
  ['v', '1d8c'],
  ['x', '1d8d'],
  ['z', '1d76 1d8e 2c6b-2c6c'],
];

/** The circled letters, ⓐ to ⓩ. */
const CIRCLED = [...Array(26).keys()].map((i) => [0x24d0 + i, String.fromCharCode(97 + i)] as const);

const argoCDs = new Map([
  ...CIRCLED,
  ...DIFFERENCES.flatMap(([text, characters]) => expand(characters).map((code) => [code, text] as const)),
]);

/** @param characters for example `80-9f 2e5` */
function expand(characters: string): number[] {
  return characters.split(' ').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map((code) => Number.parseInt(code, 16));
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/**
 * @returns ASCII text. A `-` may replace a character that no slug can contain. Characters above U+FFFF, such
 *   as emoji, and those that the tables do not list are dropped.
 */
export function transliterate(text: string): string {
  // One by one: the package mistakes some pairs of Latin-1 characters for UTF-8 and leaves them unchanged.
  return text.replace(/[^\p{ASCII}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? '' : (argoCDs.get(code) ?? unidecode(character));
  });
}
