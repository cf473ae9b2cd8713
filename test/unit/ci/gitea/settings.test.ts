import { describe, expect, it } from 'vitest';
import { giteaProjectKeys } from '../../../../src/ci/gitea/project-keys.ts';
import { forgejoConnectionSchema, giteaConnectionSchema } from '../../../../src/ci/gitea/settings.ts';

const { repository, workflow, event } = giteaProjectKeys;

function messageOf(
  schema: { safeParse(value: unknown): { error?: { issues: { message: string }[] } | undefined } },
  value: unknown,
) {
  return schema.safeParse(value).error?.issues[0]?.message;
}

describe('url', () => {
  it.each([
    'https://gitea.example.com',
    'https://example.com/git',
    'http://gitea.dev.svc.cluster.local:3000',
    'http://127.0.0.1:3000/git',
  ])('may be %s', (url) => {
    expect(giteaConnectionSchema.safeParse({ kind: 'gitea', url }).success).toBe(true);
    expect(forgejoConnectionSchema.safeParse({ kind: 'forgejo', url }).success).toBe(true);
  });

  it('has no default, since there is no instance for all', () => {
    expect(giteaConnectionSchema.safeParse({ kind: 'gitea' }).success).toBe(false);
  });

  it.each(['https://example.com/git/api/v1', 'https://example.com/git/api/v1/'])('%s is too long', (url) => {
    expect(messageOf(giteaConnectionSchema, { kind: 'gitea', url })).toMatch(
      /did you mean https:\/\/example\.com\/git\?$/,
    );
  });

  it('does not let a token travel in clear', () => {
    const found = { kind: 'gitea', url: 'http://gitea.example.com' };
    expect(messageOf(giteaConnectionSchema, found)).toContain('the token would travel in clear');
  });
});

describe('a project', () => {
  it.each([
    ['https://gitea.example.com/acme/shop.git', 'acme/shop'],
    ['git@gitea.example.com:acme/shop.git', 'acme/shop'],
    ['ssh://git@gitea.example.com:2222/acme/shop', 'acme/shop'],
    ['group/sub/project', undefined],
    ['acme/..', undefined],
  ])('with repository %s is refused', (found, meant) => {
    const expected = 'OWNER/NAME, for example acme/shop';
    expect(messageOf(repository, found)).toBe(
      meant === undefined ? expected : `${expected}; did you mean ${meant}?`,
    );
  });

  it.each(['.gitea/workflows/build.yml', '.github/workflows/build.yml'])(
    'with workflow %s is told the file',
    (found) => {
      if (workflow === 'none') throw new Error('expected workflows');
      expect(messageOf(workflow, found)).toBe(
        'the file name of a workflow, for example build.yml; did you mean build.yml?',
      );
    },
  );

  it.each([
    ['pull-request', 'pull_request'],
    ['merge_request_event', undefined],
  ])('with event %s is refused', (found, meant) => {
    const expected = 'an event of Actions, for example push or pull_request';
    expect(messageOf(event, found)).toBe(
      meant === undefined ? expected : `${expected}; did you mean ${meant}?`,
    );
  });
});
