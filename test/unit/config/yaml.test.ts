import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../src/config/yaml.ts';
import { problemsOf } from '../../fixtures/config/configurations.ts';

describe('YAML that cannot be read is one line with its place', () => {
  it.each([
    [
      'a: 1\nb: 2\na: 3\n',
      '3:1 found the key "a" for the second time (the first is in line 1), expected each key once',
    ],
    ['a:\n\tb: 1\n', '2:1 found a tab, expected spaces as indentation'],
    [
      'a: [1, 2\nb: 3\n',
      '2:1 found wrong indentation, or a bracket further up that is not closed, expected the entries of a mapping or list in one column',
    ],
    [
      'a: "hunter2\n',
      '2:1 found something unfinished, expected a closing quote or bracket, a comma or a colon',
    ],
    ['a: @hunter2\n', '1:4 found a text that begins with a reserved character, expected it in quotes'],
    [
      'a: b: hunter2\n',
      '1:4 found a mapping inside a line, expected one key a line, and texts with ": " in quotes',
    ],
    [
      '{a: hunter2}}\n',
      '1:13 found a closing bracket that none was opened for, expected one for each that was opened',
    ],
    [
      'images: {front: ghcr.io/x:{commit}}\n',
      "1:17 found a template without quotes between { }, expected it in quotes, for example {front: 'ghcr.io/acme/front:{commit}'}",
    ],
    ['---\na: 1\n---\nb: 2\n', '3:1 found a second document (---), expected one'],
    ['%FOO hunter2\n---\na: 1\n', '1:1 found a directive (%) that is not known, expected none'],
    ['a: !hunter2 1\n', '1:4 found a tag (!name) that is not known, expected no tag'],
    [
      'a: *hunter2\n',
      '1:4 found an alias (*name) without an anchor (&name) before it, expected its anchor first',
    ],
    ['? [hunter2]\n: 1\n', '1:3 found a mapping or list as a key, expected a word'],
    [
      'a: {__proto__: {b: 1}}\n',
      '1:5 found the key __proto__, which no mapping may have, expected another one',
    ],
  ])('%#', (text, problem) => {
    const problems = problemsOf(text);
    expect(problems).toEqual([problem]);
  });

  it.each([
    ['x: {host: ${HOST}}\n', '1:12 found ${...}, which nobody replaces here, expected the value itself'],
    [
      'x: {front: ghcr.io/x:sha-${{ github.sha }}}\n',
      "1:27 found ${{ ... }} of GitHub Actions, which nobody replaces here, expected Greenpin's own, for example {commit}, with the whole text in quotes",
    ],
    [
      '[server]\nport = 4355\n',
      '2:1 found TOML ([section], key = value), expected YAML: KEY: VALUE, and what belongs to a key indented below it',
    ],
    [
      'server: {host: [::1]:4355}\n',
      '1:21 found an IPv6 address, which YAML reads as something else, expected it in quotes, for example "::1", or "[::1]:5000" for a registry',
    ],
    [
      'server: {host: ::, port: 1}\n',
      '1:16 found an IPv6 address, which YAML reads as something else, expected it in quotes, for example "::1", or "[::1]:5000" for a registry',
    ],
    [
      'front: {registry}/acme/front:{commit}\n',
      '1:18 found a text that begins with {, which YAML reads as a mapping, expected the whole text in quotes',
    ],
    [
      'front: {{ .Values.registry }}/acme/front\n',
      '1:9 found {{ ... }} of a template, which nobody replaces here, expected the value itself, or the text in quotes',
    ],
    [
      'images: {front: x/y:sha-{commit:7}, back: x/z:{commit}}\n',
      "1:25 found a template without quotes between { }, expected it in quotes, for example {front: 'ghcr.io/acme/front:{commit}'}",
    ],
    [
      "a: 'it's'\n",
      "1:8 found more text after a closing quote, expected the whole text in one pair of quotes; a ' inside of '...' is written ''",
    ],
    ['a:1\nb: 2\n', '1:1 found a key without a colon, or no blank after it, expected KEY: VALUE'],
  ])('%j is told for what it is', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it('nesting without end is refused where it gets too deep', () => {
    const [problem, ...others] = problemsOf(`a: ${'['.repeat(20_000)}`);
    expect(problem).toMatch(/^1:\d+ found too deep a nesting, expected a mapping$/);
    expect(others).toEqual([]);
  });

  it('every key that is there twice is reported', () => {
    expect(problemsOf('a: 1\na: 2\nb: {c: 1, c: 2}\n')).toEqual([
      '2:1 found the key "a" for the second time (the first is in line 1), expected each key once',
      '3:11 found the key "c" for the second time (the first is in line 3), expected each key once',
    ]);
  });

  it('a few lines that would multiply into a huge document are not expanded', () => {
    const names = 'abcdefghij'.split('');
    const lines = names.map((name, i) => {
      const items = Array.from({ length: 10 }, () => (i === 0 ? 'x' : `*${names[i - 1]}`));
      return `${name}: &${name} [${items.join(', ')}]`;
    });
    expect(problemsOf(lines.join('\n'))).toEqual([
      '10:44 found aliases (*name) that multiply into a huge document, expected few',
    ]);
  });

  it('an alias inside its own anchor does not hang the check', () => {
    expect(problemsOf('connections: &a {x: *a}\nprojects: *a\n').length).toBeGreaterThan(0);
  });
});

describe('a file without a mapping', () => {
  it.each(['', '\n', '# all in comments\n', '---\n', 'null\n', '~\n'])('%j is empty', (text) => {
    expect(problemsOf(text)).toEqual([
      ' found an empty file, expected a mapping with connections and projects',
    ]);
  });

  it.each([
    ['- a\n', '1:1 found a list, expected a mapping with connections and projects'],
    ['hunter\n', '1:1 found "hunter", expected a mapping with connections and projects'],
    ['\n\n  5\n', '3:3 found 5, expected a mapping with connections and projects'],
  ])('%j is refused', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });
});

describe('YAML that people write', () => {
  it('is read with anchors, merge keys, quotes, Windows line ends and a byte order mark', () => {
    const text =
      '\ufeffa: &base {x: 1, y: yes}\r\nb:\r\n  <<: *base\r\n  y: "no"\r\nc: *base\r\n1: >-\r\n  two\r\n  lines\r\n';
    const document = parseYaml(text);
    expect(document.kind === 'read' && document.value).toEqual({
      a: { x: 1, y: 'yes' },
      b: { x: 1, y: 'no' },
      c: { x: 1, y: 'yes' },
      1: 'two lines',
    });
  });

  it('tells where a path begins, through aliases, and where it stops being there', () => {
    const document = parseYaml('a: &base\n  x:\n    - 1\n    - {y: 2}\nb: *base\n');
    if (document.kind !== 'read') throw new Error('not read');
    expect(document.locate([])).toEqual({ line: 1, col: 1 });
    expect(document.locate(['a', 'x', 1, 'y'])).toEqual({ line: 4, col: 8 });
    expect(document.locate(['b', 'x', 0])).toEqual({ line: 3, col: 7 });
    expect(document.locate(['b', 'z', 'y'])).toEqual({ line: 5, col: 1 });
    expect(document.locate(['a', 'x', 7])).toEqual({ line: 2, col: 3 });
    expect(document.locate(['c'])).toEqual({ line: 1, col: 1 });
  });
});
