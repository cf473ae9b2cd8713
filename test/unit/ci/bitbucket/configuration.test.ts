import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { bitbucket } from '../../../../src/ci/bitbucket/kind.ts';

const { repository, workflow, event } = bitbucket.project;

function refuse(schema: z.ZodType, value: unknown): string[] {
  return schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];
}

describe('a repository', () => {
  it.each([
    ['group/sub/project', 'WORKSPACE/NAME, for example acme/shop'],
    ['shop', 'WORKSPACE/NAME, for example acme/shop'],
    ['~jo/shop', 'WORKSPACE/NAME, for example acme/shop'],
    ['acme/..', 'WORKSPACE/NAME, for example acme/shop'],
    ['https://bitbucket.org/acme/shop', 'WORKSPACE/NAME, for example acme/shop; did you mean acme/shop?'],
    ['git@bitbucket.org:acme/shop.git', 'WORKSPACE/NAME, for example acme/shop; did you mean acme/shop?'],
  ])('%j is refused', (found, message) => {
    expect(refuse(repository, found)).toEqual([message]);
  });

  it.each(['acme/shop', 'acme_web/shop.front', 'Acme-1/s'])('%j is accepted', (found) => {
    expect(refuse(repository, found)).toEqual([]);
  });
});

describe('a workflow', () => {
  const EXPECTED =
    'a section of bitbucket-pipelines.yml: default, branches:PATTERN, pull-requests:PATTERN or custom:NAME';

  it.each([
    ['main', `${EXPECTED}; did you mean branches:main?`],
    ['pull_requests:**', `${EXPECTED}; did you mean pull-requests:**?`],
    ['branch:main', `${EXPECTED}; did you mean branches:main?`],
    ['tags:v*', EXPECTED],
    ['.github/workflows/build.yml', EXPECTED],
  ])('%j is refused', (found, message) => {
    expect(workflow === 'none' ? [] : refuse(workflow, found)).toEqual([message]);
  });

  it.each(['default', 'branches:main', 'branches:{main,release/*}', 'pull-requests:**', 'custom:Deploy it'])(
    '%j is accepted',
    (found) => {
      expect(workflow === 'none' ? ['none'] : refuse(workflow, found)).toEqual([]);
    },
  );
});

describe('an event', () => {
  it.each([
    ['pull-request', 'did you mean pull_request?'],
    ['PUSH', 'did you mean push?'],
    ['merge_request_event', 'one of push, pull_request, manual, schedule and parent'],
  ])('%j is refused', (found, part) => {
    expect(refuse(event, found)).toEqual([expect.stringContaining(part)]);
  });
});

describe('a connection', () => {
  const connection = { kind: 'bitbucket' };

  it.each([
    'https://bitbucket.org',
    'https://bitbucket.org/acme',
    'https://api.bitbucket.org/2.0',
    'bitbucket.org',
  ])('with the url %j is refused, and the right one named', (url) => {
    expect(refuse(bitbucket.schema, { ...connection, url })).toEqual([
      expect.stringMatching(/did you mean https:\/\/api\.bitbucket\.org\?$/),
    ]);
  });

  it('needs a token with its username', () => {
    expect(refuse(bitbucket.schema, { ...connection, username: 'jo@example.com' })).toEqual([
      'found username, expected at most one of tokenEnv and tokenFile, and username only with one of them',
    ]);
    const complete = { ...connection, username: 'jo@example.com', tokenEnv: 'BITBUCKET_TOKEN' };
    expect(refuse(bitbucket.schema, complete)).toEqual([]);
  });

  it('signs in by an e-mail address, not by a name, which no API token has', () => {
    const found = { ...connection, username: 'jo', tokenEnv: 'BITBUCKET_TOKEN' };
    expect(refuse(bitbucket.schema, found)).toEqual([
      'the e-mail address of an Atlassian account, for API tokens only',
    ]);
  });
});
