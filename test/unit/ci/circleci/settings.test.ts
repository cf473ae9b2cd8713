import type { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { circleciProjectKeys } from '../../../../src/ci/circleci/project-keys.ts';
import { circleciConnectionSchema } from '../../../../src/ci/circleci/settings.ts';

function messageOf(schema: z.ZodType, value: unknown): string | undefined {
  return schema.safeParse(value).error?.issues[0]?.message;
}

function messageOfUrl(value: string): string | undefined {
  return messageOf(circleciConnectionSchema, { kind: 'circleci', url: value });
}

describe('the URL', () => {
  it('is that of circleci.com by default', () => {
    expect(circleciConnectionSchema.parse({ kind: 'circleci' }).url).toBe('https://circleci.com');
  });

  it.each([
    ['https://app.circleci.com/pipelines', 'https://circleci.com'],
    ['circleci.com', 'https://circleci.com'],
    ['https://circleci.com/api/v2', 'https://circleci.com'],
    ['https://ci.example.com/api/v3/', 'https://ci.example.com'],
  ])('%s is corrected to %s', (value, meant) => {
    expect(messageOfUrl(value)).toContain(`did you mean ${meant}?`);
  });

  it('may be that of a server', () => {
    expect(messageOfUrl('https://ci.example.com')).toBeUndefined();
  });
});

describe('the keys of a project', () => {
  const { workflow, event } = circleciProjectKeys;
  if (workflow === 'none') throw new Error('expected slugs');
  const EXPECTED = 'the slug of a project, as its settings show it, for example gh/acme/shop';

  it.each(['gh/acme/shop', 'bitbucket/acme/shop', 'circleci/43G3kM5RtfFE7v5sa4nWAU/44n9pujWcTnVZ2b5S8Fnat'])(
    'the project may be %s',
    (value) => {
      expect(messageOf(workflow, value)).toBeUndefined();
    },
  );

  it.each([
    ['acme/shop', 'gh/acme/shop'],
    ['https://app.circleci.com/pipelines/github/acme/shop?branch=main', 'github/acme/shop'],
  ])('the project %s is corrected to %s', (value, meant) => {
    expect(messageOf(workflow, value)).toBe(`${EXPECTED}; did you mean ${meant}?`);
  });

  it.each(['build', '.circleci/config.yml', 'svn/acme/shop'])('%s is no project', (value) => {
    expect(messageOf(workflow, value)).toContain(EXPECTED);
  });

  it('says which event was meant', () => {
    expect(messageOf(event, 'pull-request')).toBe(
      'an event of CircleCI, for example push or pull_request; did you mean pull_request?',
    );
  });
});
