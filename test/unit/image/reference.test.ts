import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  apiHost,
  formatReference,
  imageRepository,
  InvalidReference,
  parseReference,
} from '../../../src/image/reference.ts';
import { sha256, sha512 } from '../../fixtures/registry/responses.ts';
import { resultOrError } from '../../fixtures/result-or-error.ts';
import { parseDigest } from '../../../src/image/image.ts';
import { formatPlatform, parsePlatform } from '../../../src/image/platform.ts';

const digest = sha256('x');

describe('a reference', () => {
  it.each([
    ['nginx', 'docker.io', 'library/nginx', 'latest'],
    ['nginx:1.27', 'docker.io', 'library/nginx', '1.27'],
    ['acme/shop', 'docker.io', 'acme/shop', 'latest'],
    ['docker.io/nginx', 'docker.io', 'library/nginx', 'latest'],
    ['index.docker.io/nginx', 'docker.io', 'library/nginx', 'latest'],
    ['registry-1.docker.io/library/nginx', 'docker.io', 'library/nginx', 'latest'],
    ['Docker.IO/acme/shop', 'docker.io', 'acme/shop', 'latest'],
    ['ghcr.io/acme/shop:sha-1a2b3c4', 'ghcr.io', 'acme/shop', 'sha-1a2b3c4'],
    ['GHCR.io/acme/shop', 'ghcr.io', 'acme/shop', 'latest'],
    ['ghcr.io', 'docker.io', 'library/ghcr.io', 'latest'],
    ['localhost/x', 'localhost', 'x', 'latest'],
    ['localhost:5000', 'docker.io', 'library/localhost', '5000'],
    ['localhost:5000/x:1', 'localhost:5000', 'x', '1'],
    ['Acme/shop', 'Acme', 'shop', 'latest'],
    ['[fc00::1]:5000/x', '[fc00::1]:5000', 'x', 'latest'],
    ['reg.test:443/a/b/c/d:V_1.2-3', 'reg.test:443', 'a/b/c/d', 'V_1.2-3'],
    ['reg.test/a__b/c--d/e.f/0', 'reg.test', 'a__b/c--d/e.f/0', 'latest'],
    [`reg.test/x:${'t'.repeat(128)}`, 'reg.test', 'x', 't'.repeat(128)],
    [`reg.test/${'p'.repeat(255)}`, 'reg.test', 'p'.repeat(255), 'latest'],
  ])('%s has its parts', (text, registry, path, tag) => {
    expect(parseReference(text)).toEqual({ registry, path, tag });
  });

  it.each([digest, sha512('x')])('may bear the digest %s, with a tag or without', (wanted) => {
    expect(parseReference(`ghcr.io/a/b@${wanted}`)).toEqual({
      registry: 'ghcr.io',
      path: 'a/b',
      digest: wanted,
    });
    expect(parseReference(`ghcr.io/a/b:1@${wanted}`)).toMatchObject({ tag: '1', digest: wanted });
  });

  it.each([
    ['', 'has an empty path component'],
    ['https://ghcr.io/a/b', 'begins with "https://"; expected REGISTRY/PATH:TAG without a scheme'],
    ['docker://nginx', 'begins with "docker://"'],
    ['a'.repeat(64), 'is the id of a local image'],
    ['ghcr.io/Acme/shop', 'has the path component "Acme"; expected lower case'],
    ['ghcr.io/acme/shop_', 'has the path component "shop_"'],
    ['ghcr.io/a___b', 'has the path component "a___b"'],
    ['ghcr.io//shop', 'has an empty path component'],
    ['ghcr.io/', 'has an empty path component'],
    ['/shop', 'has an empty path component'],
    ['ghcr.io/a b', 'has the path component "a b"'],
    ['ghcr.io/../etc', 'has the path component ".."'],
    ['ghcr.io/a:', 'has the tag ""'],
    ['ghcr.io/a:-x', 'has the tag "-x"'],
    ['ghcr.io/a:x/y', 'has the path component "a:x"'],
    [`ghcr.io/a:${'t'.repeat(129)}`, 'has a tag that is too long'],
    [`ghcr.io/${'p'.repeat(256)}`, 'has a path that is too long'],
    ['ghcr.io/a@sha256:abc', 'has the digest "sha256:abc"'],
    [`ghcr.io/a@${digest.toUpperCase()}`, 'has the digest'],
    [`ghcr.io/a@${digest}@${digest}`, 'has the digest'],
    ['-x.io/a', 'has the registry "-x.io"'],
    ['ghcr.io:0/a', 'has the registry "ghcr.io:0"'],
    ['ghcr.io:65536/a', 'has the registry "ghcr.io:65536"'],
    ['ghcr.io:/a', 'has the registry "ghcr.io:"'],
    ['user:pw@ghcr.io/a', 'has the digest "ghcr.io/a"'],
    ['[::::]:5000/a', 'has the registry "[::::]:5000"'],
    ['ghcr.io/a\n', 'has the path component "a\\n"'],
  ])('%j is none, and the message says why', (text, problem) => {
    expect(() => parseReference(text)).toThrow(InvalidReference);
    expect(() => parseReference(text)).toThrow(problem);
  });

  it('is canonical after one round: formatted and parsed it stays the same', () => {
    expect(
      fc.check(
        fc.property(anyReference(), (text) => {
          const reference = parseReference(text);
          const formatted = formatReference(reference);
          return (
            formatted.startsWith(imageRepository(reference)) &&
            isDeepStrictEqual(parseReference(formatted), reference)
          );
        }),
      ),
    ).toMatchObject({ failed: false });
  });

  it('is parsed or refused with one short line, whatever the text', () => {
    expect(
      fc.check(
        fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearlyReference()), (text) => {
          const outcome = resultOrError(() => parseReference(text));
          if (outcome instanceof Error) {
            const { message } = outcome;
            return outcome instanceof InvalidReference && !message.includes('\n') && message.length < 1000;
          }
          const path = `/v2/${outcome.path}/manifests/${outcome.digest ?? outcome.tag}`;
          return new URL(`https://${apiHost(outcome.registry)}${path}`).pathname === path;
        }),
      ),
    ).toMatchObject({ failed: false });
  });

  it.each(['a', '-', '.', '/', ':', '@', '[', 'a-', 'a/', 'a.'])(
    'of a megabyte of %j is refused at once',
    (piece) => {
      expect(() => parseReference(piece.repeat(1_000_000))).toThrow(InvalidReference);
    },
  );
});

function anyReference(): fc.Arbitrary<string> {
  const host = fc.constantFrom(
    '',
    'ghcr.io/',
    'LOCALHOST:5000/',
    'Acme/',
    '[fc00::1]/',
    'index.docker.io/',
    'a.b-c.d:1/',
  );
  const path = fc.stringMatching(/^[a-z0-9]{1,8}(\/[a-z0-9]{1,4}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,3}){0,3}$/);
  const tag = fc.constantFrom('', ':latest', ':V1._-', `:${'9'.repeat(128)}`);
  const pinned = fc.constantFrom('', `@${digest}`, `@${sha512('x')}`);
  return fc
    .tuple(host, path, tag, pinned)
    .map((parts) => parts.join(''))
    .filter((text) => !/^[a-f0-9]{64}$/.test(text));
}

function nearlyReference(): fc.Arbitrary<string> {
  return fc
    .array(
      fc.constantFrom(
        'a',
        'A',
        '0',
        '.',
        '_',
        '-',
        '/',
        ':',
        '@',
        '[',
        ']',
        '%',
        '\\',
        ' ',
        'ghcr.io',
        digest,
      ),
    )
    .map((parts) => parts.join(''));
}

describe('a digest', () => {
  it.each([digest, sha512('x')])('%s is one', (text) => {
    expect(parseDigest(text)).toBe(text);
  });

  it.each([
    '',
    digest.slice(7),
    digest.slice(0, -1),
    `${digest}0`,
    `md5:${'0'.repeat(32)}`,
    ` ${digest}`,
    `${digest}\n`,
  ])('%j is none', (text) => {
    expect(parseDigest(text)).toBeUndefined();
  });
});

describe('a platform', () => {
  it.each([
    ['linux/amd64', 'linux/amd64'],
    ['Linux/x86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/v9', 'linux/arm64/v9'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/v6', 'linux/arm/v6'],
    ['linux/constructor', 'linux/constructor'],
  ])('%s is %s', (text, normal) => {
    expect(formatPlatform(parsePlatform(text))).toBe(normal);
  });

  it.each(['', 'linux', 'linux/', '/amd64', 'linux/arm/v7/x', 'linux/amd 64', 'linux/amd64/'])(
    '%j is none',
    (text) => {
      expect(() => parsePlatform(text)).toThrow(InvalidReference);
    },
  );
});
