import { describe, expect, it } from 'vitest';
import { createQuestionParser } from '../../../../src/http/argocd/request-memo.ts';
import { body, projects } from '../../../fixtures/http/test-app.ts';

const parse = createQuestionParser(projects('shop'));

describe('the body', () => {
  it('is JSON', () => {
    expect(parse(Buffer.from(body({ branch: 'größe' }))).branch).toBe('größe');
  });

  it('may begin with a byte order mark', () => {
    expect(parse(Buffer.from(`\u{feff}${body({ branch: 'b' })}`)).branch).toBe('b');
  });

  it('cannot give a parameter by way of a prototype', () => {
    const given = '{"input": {"parameters": {"branch": "b", "__proto__": {"number": "1"}}}}';
    expect(parse(Buffer.from(given)).number).toBeUndefined();
  });

  it.each([
    ['missing', undefined, 'The body is empty'],
    ['empty', Buffer.alloc(0), 'The body is empty'],
    ['no JSON', Buffer.from('branch=b'), 'The body is not valid JSON'],
    ['half a JSON text', Buffer.from('{"input": {'), 'The body is not valid JSON'],
    ['no UTF-8', Buffer.from(body({ branch: 'größe' }), 'latin1'), 'The body is not valid UTF-8'],
  ])('is refused when it is %s', (_case, given, expected) => {
    expect(() => parse(given)).toThrow(
      `${expected}; expected {"applicationSetName": "...", "input": {"parameters": {"branch": "..."}}}`,
    );
  });
});

describe('a body that was parsed before', () => {
  it('is the same question', () => {
    const bytes = body({ branch: 'same' });
    expect(parse(Buffer.from(bytes))).toBe(parse(Buffer.from(bytes)));
  });

  it('is not mistaken for one that differs in a byte', () => {
    parse(Buffer.from(body({ branch: 'Ã¼' })));
    expect(parse(Buffer.from(body({ branch: 'ü' }))).branch).toBe('ü');
  });

  it('is refused again when it was refused', () => {
    for (let time = 0; time < 2; time++)
      expect(() => parse(Buffer.from(body({})))).toThrow('branch is missing');
  });

  it('is not kept when it is long', () => {
    const bytes = body({ branch: 'b', title: 'x'.repeat(2000) });
    expect(parse(Buffer.from(bytes))).not.toBe(parse(Buffer.from(bytes)));
  });

  it('is forgotten before too many are kept', () => {
    const first = Buffer.from(body({ branch: 'first' }));
    const before = parse(first);
    for (let index = 0; index < 10_000; index++) parse(Buffer.from(body({ branch: `b${index}` })));
    expect(parse(first)).not.toBe(before);
    expect(parse(first)).toEqual(before);
  });
});
