import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { problemsOf } from '../../../fixtures/config/configurations.ts';
import { bitbucketServer } from '../../../../src/ci/bitbucket-server/kind.ts';

const { repository } = bitbucketServer.project;
const EXPECTED = 'PROJECT/NAME or ~USER/NAME, for example SHOP/front';

function refuse(schema: z.ZodType, value: unknown): string[] {
  return schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];
}

describe('a repository', () => {
  it.each([
    ['front', EXPECTED],
    ['acme/web/shop', EXPECTED],
    ['SHOP/..', EXPECTED],
    [
      'https://bitbucket.example.com/projects/SHOP/repos/front/browse',
      `${EXPECTED}; did you mean SHOP/front?`,
    ],
    ['https://bitbucket.example.com/users/jo/repos/front', `${EXPECTED}; did you mean ~jo/front?`],
    ['https://bitbucket.example.com/scm/shop/front.git', `${EXPECTED}; did you mean shop/front?`],
  ])('%j is refused', (found, message) => {
    expect(refuse(repository, found)).toEqual([message]);
  });

  it.each(['SHOP/front', '~jo.doe/front', 'shop/front.api'])('%j is accepted', (found) => {
    expect(refuse(repository, found)).toEqual([]);
  });
});

describe('a connection', () => {
  it.each([
    ['https://tools.example.com/bitbucket/rest/api/latest', 'https://tools.example.com/bitbucket'],
    ['https://bitbucket.example.com/projects/SHOP', 'https://bitbucket.example.com'],
  ])('with the url %s is refused, and the right one named', (url, meant) => {
    const [message] = refuse(bitbucketServer.schema, { kind: 'bitbucket-server', url });
    expect(message).toMatch(new RegExp(`did you mean ${meant}\\?$`));
  });

  it.each(['https://bitbucket.example.com', 'https://tools.example.com/bitbucket/'])('accepts %s', (url) => {
    expect(refuse(bitbucketServer.schema, { kind: 'bitbucket-server', url })).toEqual([]);
  });

  it('needs a url, since each server has its own', () => {
    expect(refuse(bitbucketServer.schema, { kind: 'bitbucket-server' })).toHaveLength(1);
  });
});

describe('a project', () => {
  it('needs builds: statuses, since the host has no CI of its own', () => {
    const problems = problemsOf(`connections: {bit: {kind: bitbucket-server, url: 'https://bitbucket.test'}}
projects:
  shop:
    repository: SHOP/front
    images: {front: 'ghcr.io/acme/front:{commit}'}`);
    expect(problems).toEqual([
      expect.stringContaining(
        'projects.shop.builds: found runs, expected statuses, since this kind of connection has no CI of its own',
      ),
    ]);
  });
});
