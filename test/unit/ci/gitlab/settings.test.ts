import { describe, expect, it } from 'vitest';
import { gitlab as kind } from '../../../../src/ci/gitlab/kind.ts';

const messageOf =
  (schema: { safeParse(value: unknown): { error?: { issues: { message: string }[] } } }) =>
  (value: unknown) =>
    schema.safeParse(value).error?.issues[0]?.message;

describe('url', () => {
  const message = messageOf(kind.schema.shape.url);

  it.each([
    'https://gitlab.example.com',
    'https://gitlab.example.com:8443/',
    'https://example.com/gitlab',
    'https://example.com/api/gitlab',
    'http://localhost:8080',
  ])('may be %s', (url) => {
    expect(message(url)).toBeUndefined();
  });

  it.each(['https://gitlab.example.com/api/v4', 'https://gitlab.example.com/api/v4/'])(
    'names no API: %s',
    (url) => {
      expect(message(url)).toMatch(/did you mean https:\/\/gitlab\.example\.com\?$/);
    },
  );

  it('is gitlab.com by default', () => {
    expect(kind.schema.parse({ kind: 'gitlab' })).toEqual({ kind: 'gitlab', url: 'https://gitlab.com' });
  });
});

describe('repository', () => {
  const message = messageOf(kind.project.repository);

  it.each(['acme/shop', 'acme/web/team-1/shop.js', 'Acme_1/Shop'])('may be %s', (path) => {
    expect(message(path)).toBeUndefined();
  });

  it.each([
    ['shop', undefined],
    ['acme/shop.git', 'acme/shop'],
    ['https://gitlab.com/acme/web/shop', 'acme/web/shop'],
    ['https://gitlab.com/acme/web/shop/-/pipelines', 'acme/web/shop'],
    ['git@gitlab.com:acme/web/shop.git', 'acme/web/shop'],
    ['acme/../shop', undefined],
    ['12345', undefined],
    ['/acme/shop/', undefined],
  ])('is not %s', (found, meant) => {
    const expected =
      'the path of a GitLab project, GROUP/NAME or GROUP/SUBGROUP/NAME, for example acme/web/shop';
    expect(message(found)).toBe(meant === undefined ? expected : `${expected}; did you mean ${meant}?`);
  });
});

describe('events', () => {
  const message = messageOf(kind.project.event);

  it.each([
    ['pull_request', 'merge_request_event'],
    ['merge_request', 'merge_request_event'],
    ['workflow_dispatch', 'web'],
    ['scheduel', 'schedule'],
  ])('of another CI are explained: %s', (found, meant) => {
    expect(message(found)).toBe(
      `the source of a GitLab pipeline, for example push or merge_request_event; did you mean ${meant}?`,
    );
  });

  it('never include security scans by default', () => {
    expect(kind.project.defaultEvents).toEqual(['push', 'web', 'merge_request_event']);
  });
});
