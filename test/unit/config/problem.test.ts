import { describe, expect, it } from 'vitest';
import { formatPath, valueAt, describeFound } from '../../../src/text/document-path.ts';
import { quote } from '../../../src/text/found.ts';

describe('paths', () => {
  it.each([
    [['projects', 'shop', 'images', 'front-end'], 'projects.shop.images.front-end'],
    [['projects', 'shop', 'workflows', 0], 'projects.shop.workflows[0]'],
    [['registries', 'ghcr.io', 'http'], 'registries["ghcr.io"].http'],
    [['registries', 'https://bot:hunter2@ghcr.io'], 'registries["***@ghcr.io"]'],
    [[], ''],
  ])('%j is written %s', (path, text) => {
    expect(formatPath(path)).toBe(text);
  });

  it('are followed through own keys only', () => {
    const document = { projects: { shop: { events: ['push'] } } };
    expect(valueAt(document, ['projects', 'shop', 'events', 0])).toBe('push');
    expect(valueAt(document, ['projects', 'constructor'])).toBeUndefined();
    expect(valueAt(document, ['projects', 'shop', 'events', 0, 'length'])).toBeUndefined();
  });
});

describe('what was found', () => {
  it.each([
    [undefined, 'nothing'],
    [null, 'an empty value'],
    [[1], 'a list'],
    [{ a: 1 }, 'a mapping'],
    [5, '5'],
    [false, 'false'],
    ['yes', '"yes"'],
    ['two\nlines', '"two\\nlines"'],
  ])('%j is described as %s', (value, text) => {
    expect(describeFound(['server', 'host'], value)).toBe(text);
  });

  it.each(['token', 'tokenEnv', 'passwordFile', 'privateKeyFile', 'clientSecret', 'auth', 'API_KEY'])(
    'is never shown under the key %s',
    (key) => {
      expect(describeFound(['connections', key], 'hunter2')).toBe('a value that is not shown here');
      expect(describeFound(['connections', key, 0], 12_345)).toBe('a value that is not shown here');
    },
  );

  it.each([
    `ghp_${'a1'.repeat(18)}`,
    `github_pat_${'a1'.repeat(20)}`,
    `glpat-${'a1'.repeat(10)}`,
    '-----BEGIN PRIVATE KEY-----\nabc',
  ])('is not shown when it looks like a token, under whatever key', (value) => {
    expect(describeFound(['projects', 'shop', 'repository'], value)).toBe('a value that is not shown here');
  });
});

describe('quoting', () => {
  it.each([
    ['https://user:hunter2@github.com/acme', '"***@github.com/acme"'],
    ['https://hunter2@github.com', '"***@github.com"'],
    ['http://user:hun/t@er2@host/x', '"***@host/x"'],
    ['user:hunter2@ghcr.io/acme/shop', '"***@ghcr.io/acme/shop"'],
    ['https://host/x?token=hunter2', '"https://host/x?***"'],
    ['ghcr.io/acme/shop:v1@sha256:00', '"ghcr.io/acme/shop:v1@sha256:00"'],
    ['@types/node', '"@types/node"'],
    ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
    ['a\u2028b\u202ec', '"a\\u2028b\\u202ec"'],
    ['\u001b[31m', '"\\u001b[31m"'],
  ])('%j becomes %s', (text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });
});
