import { expect, it } from 'vitest';
import { parseRepositoryUrl } from '../../../src/ci/repository-url.ts';

it.each([
  ['git@github.com:acme/shop.git', 'github.com', 'acme/shop'],
  ['github.com:acme/shop', 'github.com', 'acme/shop'],
  ['git://github.com/Acme/Shop.git', 'github.com', 'acme/shop'],
  ['https://user:word@GitLab.example.com:8443/group/sub/shop/', 'gitlab.example.com', 'group/sub/shop'],
  ['https://github.com/acme/acme.github.io.git', 'github.com', 'acme/acme.github.io'],
  ['ssh://git@bitbucket.org/acme/shop.git', 'bitbucket.org', 'acme/shop'],
])('%s is a repository', (url, host, path) => {
  expect(parseRepositoryUrl(url)).toEqual({ host, path });
});

it.each(['', 'acme/shop', 'https://github.com', 'https://github.com/acme', '//circleci.com/x/y', 'a b c'])(
  '%j is none',
  (url) => {
    expect(parseRepositoryUrl(url)).toBeUndefined();
  },
);
