/** What holds for every kind that can be connected with a token. */
import { describe, expect, it } from 'vitest';
import { ALL_KINDS, selectKind } from '../../../src/ci/kinds.ts';
import { connectKind } from '../../fixtures/connect-kind.ts';

const names = ALL_KINDS.map(({ schema }) => schema.shape['kind'].value);

describe.each(names)('%s', (name) => {
  const kind = selectKind(name);
  const ports = connectKind(name, kind, {
    url: 'https://ci.example.com',
    token: 'sesame',
    now: () => 0,
  });

  it('tries again with a new token, whatever was denied', () => {
    expect(ports.provider.generation?.()).toBeTypeOf('number');
    expect(ports.gitHost === undefined ? 'no host' : typeof ports.gitHost.generation?.()).toBe(
      kind.isGitHost ? 'number' : 'no host',
    );
  });

  it('knows pull requests, statuses and pushes if it is a Git host, and none of them otherwise', () => {
    const known = [ports.gitHost, ports.statuses, ports.pushLog].map((port) => port !== undefined);
    expect(known).toEqual(Array.from({ length: 3 }, () => kind.isGitHost));
  });

  it('reads one repository for all spellings of its name that the server takes for the same', () => {
    expect(ports.provider.repositoryKey('acme/shop')).toBe(ports.provider.repositoryKey('acme/shop'));
    expect(ports.provider.repositoryKey('acme/shop')).not.toBe(ports.provider.repositoryKey('acme/back'));
  });
});
