import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  basicAuthorization,
  createPasswordCredential,
  credentialIdentity,
  matchCredential,
  parseKeyRegistry,
  type Credential,
} from '../../../../src/registry/credentials/credential.ts';
import { parseReference } from '../../../../src/image/reference.ts';

/** The key that wins for the image. */
function match(image: string, ...keys: readonly string[]): string | undefined {
  return matchCredential(
    keys.map((key) => ({ key })),
    parseReference(image),
  )?.key;
}

describe('a key', () => {
  it.each([
    ['ghcr.io', 'ghcr.io/acme/shop'],
    ['https://ghcr.io', 'ghcr.io/acme/shop'],
    ['http://ghcr.io/', 'ghcr.io/acme/shop'],
    ['https://ghcr.io/v1/', 'ghcr.io/acme/shop'],
    ['https://ghcr.io/v2/', 'ghcr.io/acme/shop'],
    ['https://ghcr.io/v2', 'ghcr.io/acme/shop'],
    ['GHCR.IO', 'ghcr.io/acme/shop'],
    ['ghcr.io/acme', 'ghcr.io/acme/shop'],
    ['ghcr.io/acme/', 'ghcr.io/acme/shop'],
    ['https://ghcr.io/v2/acme/shop', 'ghcr.io/acme/shop'],
    ['https://index.docker.io/v1/', 'nginx'],
    ['index.docker.io', 'nginx'],
    ['registry-1.docker.io', 'nginx'],
    ['docker.io', 'acme/shop'],
    ['docker.io/acme', 'acme/shop'],
    ['localhost:5000', 'localhost:5000/x'],
    ['[fc00::1]:5000', '[fc00::1]:5000/x'],
    ['*.example.com', 'reg.example.com/x'],
    ['reg-*.example.com', 'reg-eu.example.com/x'],
    ['r*e*g.example.com', 'rxexg.example.com/x'],
    ['*.dkr.ecr.*.amazonaws.com', '1.dkr.ecr.eu-1.amazonaws.com/x'],
    ['*.example.com:5000/team', 'reg.example.com:5000/team/x'],
  ])('%s is for %s', (key, image) => {
    expect(match(image, key)).toBe(key);
  });

  it.each([
    ['ghcr.io/team', 'ghcr.io/team-b/shop', 'kubelet-style prefixes'],
    ['ghcr.io/acme/shop/front', 'ghcr.io/acme/shop', 'a longer path'],
    ['ghcr.io', 'ghcr.io.evil.test/acme/shop', 'argocd-image-updater'],
    ['ghcr.io', 'xghcr.io/acme/shop', 'another host'],
    ['ghcr.io', 'ghcr.io:8443/acme/shop', 'another port'],
    ['ghcr.io:443', 'ghcr.io/acme/shop', 'another port'],
    ['docker.io/acme', 'acme-b/shop', 'kubelet-style prefixes'],
    ['*.example.com', 'example.com/x', 'one label too few'],
    ['*.example.com', 'a.b.example.com/x', 'one label too many'],
    ['*.example.com', 'reg.example.com.evil.test/x', 'another domain'],
    ['*.example.com', 'reg.example.com:5000/x', 'another port'],
    ['reg-*-eu.example.com', 'reg-eu.example.com/x', 'pieces that overlap'],
    ['*', 'ghcr.io/acme/shop', 'one label'],
    ['', 'ghcr.io/acme/shop', 'nothing'],
    ['https://', 'ghcr.io/acme/shop', 'nothing'],
  ])('%s is not for %s (%s)', (key, image) => {
    expect(match(image, key)).toBeUndefined();
  });

  it.each([
    [['ghcr.io', 'ghcr.io/acme', 'ghcr.io/acme/other'], 'ghcr.io/acme'],
    [['ghcr.io/acme/shop', 'ghcr.io/acme'], 'ghcr.io/acme/shop'],
    [['*.io', 'ghcr.io'], 'ghcr.io'],
    [['ghcr.io', '*.io/acme'], '*.io/acme'],
    [['https://ghcr.io', 'ghcr.io'], 'https://ghcr.io'],
  ])('of %j for ghcr.io/acme/shop is %s', (keys, winner) => {
    expect(match('ghcr.io/acme/shop', ...keys)).toBe(winner);
  });

  it.each([
    ['https://index.docker.io/v1/', 'docker.io'],
    ['GHCR.io/acme', 'ghcr.io'],
    ['reg.local:5000/v2/', 'reg.local:5000'],
    ['', undefined],
  ])('%s names the registry %s', (key, registry) => {
    expect(parseKeyRegistry(key)).toBe(registry);
  });

  it('never makes matching throw, and matches only its own host', () => {
    const pieces = fc.constantFrom(
      'ghcr.io',
      '*',
      '.',
      '/',
      ':',
      '5000',
      'https://',
      'v1',
      '[',
      ']',
      'acme',
      'é',
      '\n',
    );
    expect(
      fc.check(
        fc.property(
          fc.array(pieces).map((parts) => parts.join('')),
          (key) => {
            const found = match('ghcr.io/acme/shop', key);
            return found === undefined || key.includes('*') || parseKeyRegistry(key) === 'ghcr.io';
          },
        ),
      ),
    ).toMatchObject({ failed: false });
  });

  // With work that grows with the square, this would run into the time limit of the test.
  it.each(['a', '*', '*a', '.', '/', ':', '1', '/v1', 'https://', '[', '[]:1'])(
    'of 300 kB of %j is matched in one go',
    (piece) => {
      const text = piece.repeat(300_000 / piece.length);
      expect(match('ghcr.io/acme/shop', text, `ghcr.io${text}`, `https://${text}!`)).not.toBe(text);
    },
  );
});

describe('a credential', () => {
  const credentials: readonly Credential[] = [
    { kind: 'anonymous', source: 'a' },
    createPasswordCredential('u', 'p', 'a'),
    createPasswordCredential('u', 'q', 'a'),
    createPasswordCredential('v', 'p', 'a'),
    createPasswordCredential('<token>', 'p', 'a'),
    { kind: 'identityToken', token: 'p', username: 'u', source: 'a' },
    { kind: 'registryToken', token: 'p', source: 'a' },
  ];

  it('has an identity that differs with its secret, and not with its source', () => {
    const identities = credentials.map(credentialIdentity);
    expect(new Set(identities).size).toBe(credentials.length);
    expect(credentials.map((credential) => credentialIdentity({ ...credential, source: 'b' }))).toEqual(
      identities,
    );
    expect(identities.join()).not.toContain('p"');
  });

  it('has a Basic form, if it is not a bearer token', () => {
    expect(credentials.map(basicAuthorization)).toEqual([
      undefined,
      `Basic ${btoa('u:p')}`,
      `Basic ${btoa('u:q')}`,
      `Basic ${btoa('v:p')}`,
      `Basic ${btoa('<token>:p')}`,
      `Basic ${btoa('u:p')}`,
      undefined,
    ]);
  });
});
