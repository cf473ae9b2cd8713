/**
 * Checks the schemas for Buildkite's answers against the examples of its documentation (buildkite/docs,
 * `pages/apis/rest_api/builds.md`, `pipelines.md`, `rate_limits.md`; jobs and the embedded pipeline left out).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildkiteBuildSchema, parseBuilds, parsePipeline } from '../../src/ci/buildkite/schema.ts';
import { describeBuildkiteFailure } from '../../src/ci/buildkite/failure.ts';

const SOURCE = { host: 'api.buildkite.com', api: 'Buildkite' };

const { list, pipeline, rateLimited } = JSON.parse(
  readFileSync(new URL('../fixtures/buildkite/documentation.json', import.meta.url), 'utf8'),
) as { list: Record<string, unknown>[]; pipeline: unknown; rateLimited: unknown };

describe("Buildkite's documentation", () => {
  it('has an example of a list of builds, which is a green build of our own', () => {
    const context = { pipeline: 'my-great-org/my-pipeline', repository: undefined, clock: undefined };
    const { runs, unread } = parseBuilds(list, { ...context, source: SOURCE });
    expect(unread).toEqual([]);
    expect(runs).toMatchObject([
      {
        id: 'my-great-org/my-pipeline#1',
        state: 'success',
        origin: 'own',
        event: 'webhook',
        url: 'https://buildkite.com/my-great-org/my-pipeline/builds/1',
        updatedAt: Date.parse('2015-05-09T21:05:59.874Z'),
      },
    ]);
  });

  it('has every field that the schema requires', () => {
    const [example = {}] = list;
    const required = Object.entries(buildkiteBuildSchema.shape).flatMap(([name, field]) =>
      field.safeParse(undefined).success ? [] : [name],
    );
    expect(Object.keys(example)).toEqual(expect.arrayContaining(required));
  });

  it("has an example of a pipeline, which names the repository's URL", () => {
    expect(parsePipeline(pipeline, SOURCE)).toBe('git@github.com:acme-inc/my-pipeline.git');
  });

  it('has an example of a refused call, whose headers say how long to wait', () => {
    const headers = {
      'ratelimit-user-scope': 'rest_user',
      'ratelimit-user-remaining': '0',
      'ratelimit-user-limit': '50',
      'ratelimit-user-reset': '42',
      'ratelimit-remaining': '80',
      'ratelimit-limit': '200',
      'ratelimit-reset': '42',
    };
    const call = {
      host: SOURCE.host,
      connection: 'buildkite',
      anonymous: false,
      what: 'the builds of pipeline acme/shop',
      permission: 'read_builds',
    };
    expect(describeBuildkiteFailure({ status: 429, headers, data: rateLimited }, call, 0)).toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 42_000,
    });
  });
});
