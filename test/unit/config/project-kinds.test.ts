/** Projects of connections of two kinds. */
import { describe, expect, it, vi } from 'vitest';
import { load, problemsOf } from '../../fixtures/config/configurations.ts';

vi.mock('../../../src/ci/kinds.ts', () => import('../../fixtures/config/two-kinds.ts'));

function configure(project: string): string {
  return `connections: {gh: {kind: github}, belt: {kind: conveyor, url: 'https://belt.test'}, works: {kind: works, url: 'https://works.test'}}
projects:
  shop:
    ${project}
    ${project.includes('repository:') ? '' : 'repository: acme/shop\n    '}${
      project.includes('images:') ? '' : "images: {front: 'ghcr.io/acme/front:{commit}'}"
    }`;
}

describe('a project gets the defaults of the kind of its connection:', () => {
  it.each([
    ['ci: gh', { ci: 'gh', git: 'gh', events: ['push', 'pull_request'] }],
    ['ci: belt', { ci: 'belt', git: undefined, events: ['webhook', 'ui'] }],
    ['ci: belt\n    git: gh', { ci: 'belt', git: 'gh', events: ['webhook', 'ui'] }],
    [
      'ci: works\n    workflows: [builds » shop, builds » base]',
      { gitRepository: 'acme/shop', ciRepository: 'builds » shop builds » base' },
    ],
    ['ci: belt\n    git: gh\n    statuses: [scan]', { ci: 'belt', git: 'gh', statuses: ['scan'] }],
  ])('%s', (keys, expected) => {
    expect(load(configure(keys)).projects.get('shop')).toMatchObject(expected);
  });
});

describe('a project is refused', () => {
  it.each([
    [
      'whose git is no Git host',
      'ci: gh\n    git: belt',
      '5:5 projects.shop.git: found "belt", expected a connection to a Git host',
    ],
    [
      'whose git is no connection',
      'ci: belt\n    git: hg',
      '5:5 projects.shop.git: found "hg", expected one of the connections (gh, belt, works)',
    ],
    [
      'with a workflow if runs of the kind belong to none',
      'ci: belt\n    workflows: [.github/workflows/build.yml]',
      '5:5 projects.shop.workflows: found a list, expected none, since runs of this kind of connection belong to no workflow; leave the key out',
    ],
    [
      'with statuses if no connection knows them',
      'ci: belt\n    statuses: [scan]',
      '5:5 projects.shop.statuses: found the key while ci is no Git host, expected git to name the connection that knows the statuses',
    ],
    [
      'whose builds are statuses if no connection knows them',
      'ci: belt\n    builds: statuses\n    statuses: [scan]',
      '5:5 projects.shop.builds: found statuses while ci is no Git host, expected git to name the connection that knows the statuses',
    ],
    [
      'with an event of another kind',
      'ci: belt\n    events: [push]',
      '5:14 projects.shop.events[0]: found "push", expected webhook, ui or api',
    ],
    [
      'with an event of another kind, which has a similar name',
      'ci: gh\n    events: [webhook]',
      '5:14 projects.shop.events[0]: found "webhook", expected an event of GitHub Actions, for example push or pull_request',
    ],
    [
      "whose image has a workflow if the kind's runs belong to none",
      "ci: belt\n    images: {front: {reference: 'x:{commit}', workflow: .github/workflows/build.yml}}",
      '5:47 projects.shop.images.front.workflow: found ".github/workflows/build.yml", expected none, since runs of this kind',
    ],
    [
      "whose image has a workflow in another kind's form",
      "ci: gh\n    images: {front: {reference: 'x:{commit}', workflow: builds » shop}}",
      '5:47 projects.shop.images.front.workflow: found "builds » shop", expected the path of a workflow, for example .github/workflows/build.yml',
    ],
    [
      "with a workflow in another kind's form",
      'ci: works\n    workflows: [.github/workflows/build.yml]',
      '5:17 projects.shop.workflows[0]: found ".github/workflows/build.yml", expected the name of a job, for example builds » shop',
    ],
    [
      "without workflows if the kind's runs belong to them",
      'ci: works',
      'projects.shop.workflows: found nothing, expected what to list the runs of: the name of a job, for example builds » shop',
    ],
    [
      'whose image has a workflow that is not listed',
      "ci: works\n    workflows: [builds » shop]\n    images: {front: {reference: 'x:{commit}', workflow: builds » base}}",
      '6:47 projects.shop.images.front.workflow: found "builds » base", expected one of the project\'s workflows',
    ],
    [
      "with a repository in GitLab's form",
      'ci: gh\n    repository: group/sub/project',
      '5:5 projects.shop.repository: found "group/sub/project", expected OWNER/NAME, for example acme/shop',
    ],
    [
      "with a repository in a job's form",
      'ci: belt\n    repository: builds » shop',
      '5:5 projects.shop.repository: found "builds » shop", expected ORGANIZATION/PIPELINE, for example acme/shop',
    ],
    [
      'with a repository that the Git host does not accept, though CI would',
      'ci: works\n    git: gh\n    workflows: [builds » shop]\n    repository: _acme/shop',
      '7:5 projects.shop.repository: found "_acme/shop", expected OWNER/NAME',
    ],
  ])('%s', (_name, keys, problem) => {
    expect(problemsOf(configure(keys))).toEqual([expect.stringContaining(problem)]);
  });
});
