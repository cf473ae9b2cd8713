import type { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { buildkiteProjectKeys } from '../../../../src/ci/buildkite/project-keys.ts';
import { buildkiteConnectionSchema } from '../../../../src/ci/buildkite/settings.ts';

function messageOf(schema: z.ZodType, value: unknown): string | undefined {
  return schema.safeParse(value).error?.issues[0]?.message;
}

function messageOfUrl(value: string): string | undefined {
  return messageOf(buildkiteConnectionSchema, { kind: 'buildkite', url: value });
}

describe('the URL', () => {
  it('is that of the API by default', () => {
    expect(buildkiteConnectionSchema.parse({ kind: 'buildkite' }).url).toBe('https://api.buildkite.com');
  });

  it.each(['https://api.buildkite.com', 'https://proxy.example.com/buildkite', 'http://127.0.0.1:8080'])(
    'may be %s',
    (value) => {
      expect(messageOfUrl(value)).toBeUndefined();
    },
  );

  it.each([
    ['https://buildkite.com/acme', 'https://api.buildkite.com'],
    ['api.buildkite.com', 'https://api.buildkite.com'],
    ['https://api.buildkite.com/v2', 'https://api.buildkite.com'],
    ['https://proxy.example.com/buildkite/v2/', 'https://proxy.example.com/buildkite'],
  ])('%s is corrected to %s', (value, meant) => {
    expect(messageOfUrl(value)).toContain(`did you mean ${meant}?`);
  });
});

describe('the keys of a project', () => {
  const { workflow, event, repository } = buildkiteProjectKeys;
  if (workflow === 'none') throw new Error('expected pipelines');

  it.each([
    ['acme/shop', undefined],
    ['Acme/Shop', 'acme/shop'],
    ['https://buildkite.com/acme/shop/builds/12', 'acme/shop'],
  ])('the pipeline %s is corrected to %s', (value, meant) => {
    expect(messageOf(workflow, value)).toBe(
      meant && `a pipeline, ORGANIZATION/PIPELINE, for example acme/shop; did you mean ${meant}?`,
    );
  });

  it.each(['shop', '.github/workflows/build.yml', 'acme/shop/back', ''])('%j is no pipeline', (value) => {
    expect(messageOf(workflow, value)).toBe('a pipeline, ORGANIZATION/PIPELINE, for example acme/shop');
  });

  it('says which event was meant', () => {
    expect(messageOf(event, 'webhooks')).toBe(
      'an event of Buildkite, for example webhook or ui; did you mean webhook?',
    );
    expect(messageOf(event, 'pull_request')).toBe('an event of Buildkite, for example webhook or ui');
  });

  it.each(['acme/shop', 'group/sub/shop', 'org/My project/shop'])('the repository may be %s', (value) => {
    expect(messageOf(repository, value)).toBeUndefined();
  });
});
