/** Projects of connections of two kinds. */
import { describe, expect, it, vi } from 'vitest';
import { load, problemsOf } from '../../fixtures/config/configurations.ts';

vi.mock('../../../src/ci/kinds.ts', () => import('../../fixtures/config/two-kinds.ts'));

function configure(project: string): string {
  return `connections: {gh: {kind: github}, belt: {kind: conveyor, url: 'https://belt.test'}}
projects:
  shop:
    ${project}
    repository: acme/shop
    images: {front: 'ghcr.io/acme/front:{commit}'}`;
}

describe('a project gets the defaults of the kind of its connection:', () => {
  it.each([
    ['ci: gh', { ci: 'gh', git: 'gh', events: ['push', 'pull_request'] }],
    ['ci: belt', { ci: 'belt', git: undefined, events: ['webhook', 'ui'] }],
    ['ci: belt\n    git: gh', { ci: 'belt', git: 'gh', events: ['webhook', 'ui'] }],
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
      '5:5 projects.shop.git: found "hg", expected one of the connections (gh, belt)',
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
  ])('%s', (_name, keys, problem) => {
    expect(problemsOf(configure(keys))).toEqual([expect.stringContaining(problem)]);
  });
});
