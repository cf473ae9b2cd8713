/** Projects whose CI has names of its own for what it builds: Buildkite and CircleCI. */
import { describe, expect, it } from 'vitest';
import { load, problemsOf } from '../../fixtures/config/configurations.ts';

function configure(kind: string, workflow: string, tag: string = '{commit}'): string {
  return `connections: {github: {kind: github}, ci: {kind: ${kind}}}
projects:
  shop:
    ci: ci
    git: github
    repository: acme/shop
    workflows: [${workflow}]
    images: {front: 'ghcr.io/acme/front:${tag}'}`;
}

describe('a project of', () => {
  it.each([
    ['buildkite', 'acme-inc/shop, acme-inc/back', 'acme-inc/shop acme-inc/back', ['webhook', 'ui', 'api']],
    ['circleci', 'gh/acme/shop', 'gh/acme/shop', ['push', 'pull_request', 'webhook', 'vcs']],
  ])(
    '%s lists the runs of its workflows, and asks the Git host for its repository',
    (kind, workflows, ciRepository, events) => {
      expect(load(configure(kind, workflows)).projects.get('shop')).toMatchObject({
        gitRepository: 'acme/shop',
        ciRepository,
        git: 'github',
        events,
      });
    },
  );

  it.each([
    [
      'buildkite',
      'acme/shop',
      '{build_id}',
      'Buildkite finds builds by their number only; use {build_number} or {commit}',
    ],
    ['buildkite', 'acme/shop', '{commit}-{attempt}', 'Buildkite counts the retries of jobs, not of builds'],
    ['circleci', 'gh/acme/shop', '{commit}-{attempt}', 'no variable of CircleCI counts the re-runs'],
  ])('%s with the pipeline %s refuses the tag %s', (kind, workflow, tag, reason) => {
    const variable = /\{(?!commit)\w+\}/.exec(tag)?.[0];
    expect(problemsOf(configure(kind, workflow, tag))).toEqual([
      `8:14 projects.shop.images.front: found "ghcr.io/acme/front:${tag}", expected a tag without ${variable}: ${reason}`,
    ]);
  });
});
