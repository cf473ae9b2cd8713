import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { branchSlug } from '../../../../src/wire/argocd/branch-slug.ts';

const word = (length: number) => 'abcdefghij'.repeat(26).slice(0, length);

// What is expected is what Argo CD makes of it: test/argocd/slug_test.go compares thousands.
it.each([
  ['main', 'main'],
  ['feature/login', 'feature-login'],
  ['a/b//c', 'a-b-c'],
  ['Feature/Login_Form', 'feature-login-form'],
  ['__init__', 'init'],
  ['release/1.2.x', 'release-1-2-x'],
  ['v1..2', 'v1-2'],
  ['--start-', 'start'],
  ['-_-a-_-', 'a'],
  ['#123-fix', '123-fix'],
  ['123', '123'],
  ['@scope/x', 'atscope-x'],
  ['dependabot/npm_and_yarn/@types/node-24', 'dependabot-npm-and-yarn-attypes-node-24'],
  ['a&b', 'aandb'],
  [`john's-"fix"`, 'johns-fix'],
  ['john’s', 'johns'],
  ['from–to', 'from-to'],
  ['a+b=c', 'a-b-c'],
  [' space ', 'space'],
])('%s becomes %s', (branch, slug) => {
  expect(branchSlug(branch)).toBe(slug);
});

describe('letters beyond ASCII are spelled in it, as Argo CD does', () => {
  it.each([
    ['umlauts, without a language of their own', 'Größe/ÄÖÜ', 'grosse-aou'],
    ['French', 'été/œuvre', 'ete-oeuvre'],
    ['Polish', 'Łódź', 'lodz'],
    ['two of Latin-1 that would be UTF-8 if they were bytes', 'aÃ©b', 'aa-c-b'],
    ['Cyrillic', 'Привет-мир', 'privet-mir'],
    ['Cyrillic with a hard sign', 'объект', 'ob-ekt'],
    ['Greek', 'αθήνα', 'athena'],
    ['Japanese', '日本語', 'ri-ben-yu'],
    ['Japanese syllables, where tables differ', 'つち', 'tsuchi'],
    ['Chinese, of which Argo CD lacks the first number', '第一版', 'di-ban'],
    ['Korean', '한국어', 'hangugeo'],
    ['Arabic', 'مرحبا', 'mrhb'],
    ['Hebrew', 'שלום', 'shlvm'],
    ['Hindi', 'हिन्दी', 'hindii'],
    ['full width', 'ＡＢＣ', 'abc'],
    ['the euro', '5€', '5eu'],
    ['a trade mark, of which nothing is left', 'x™', 'x'],
    ['a letter with its accent apart', 'e\u0301te', 'ete'],
    ['an emoji beside a word', 'fix-🐛-now', 'fix-now'],
  ])('%s', (_script, branch, slug) => {
    expect(branchSlug(branch)).toBe(slug);
  });
});

describe('at most 50 characters are left', () => {
  it.each([
    ['50 are not cut', word(50), word(50)],
    ['a single word is cut in the middle', word(51), word(50)],
    ['255 characters', word(255), word(50)],
    ['a word that does not fit is left out', `${word(30)}/${word(20)}`, word(30)],
    ['a word that just fits is kept', `${word(30)}/${word(19)}/x`, `${word(30)}-${word(19)}`],
    ['a dash at the end is none', `${word(49)}/${word(9)}`, word(49)],
    ['a dash after the first character is where it is cut, too', `a/${word(60)}`, 'a'],
    ['it is counted after the spelling', '語'.repeat(30), `${'yu-'.repeat(16)}yu`.slice(0, 50)],
  ])('%s', (_what, branch, slug) => {
    expect(branchSlug(branch)).toBe(slug);
  });
});

describe('a hash of the name, where nothing is left or it is no DNS label', () => {
  it.each([
    ['emoji alone', '🚀🚀'],
    ['signs alone', '#!/'],
    ['underscores alone', '___'],
    ['a sign that Argo CD spells with an underscore', 'a＿b'],
    ['a lone surrogate', '\ud800'],
  ])('%s', (_what, branch) => {
    const hash = createHash('sha256').update(Buffer.from(branch, 'utf8')).digest('hex');
    expect(branchSlug(branch)).toBe(`b-${hash.slice(0, 10)}`);
  });

  test('each name has its own, and always the same', () => {
    expect(branchSlug('🚀')).toBe('b-ebbc0b2870');
    expect(branchSlug('🐛')).not.toBe(branchSlug('🚀'));
  });
});

test('whatever the name, it is a DNS label of at most 50 characters', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 255 }), (branch) => {
      expect(branchSlug(branch)).toMatch(/^(?=.{1,50}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
    }),
    { seed: 1, numRuns: 200 },
  );
});
