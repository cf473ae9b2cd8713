/** Projects without CI (`builds: registry`). */
import { describe, expect, it } from 'vitest';
import { load, problemsOf } from '../../fixtures/config/configurations.ts';

function configure(keys: string, image = "'ghcr.io/acme/front:{commit}'"): string {
  return `projects:\n  shop:\n    builds: registry\n    repository: acme/shop\n    images: {front: ${image}}\n    ${keys}`;
}

describe('a project with builds: registry', () => {
  it('needs no connection, and wants the revision of each image', () => {
    for (const text of [configure(''), `connections: {}\n${configure('')}`]) {
      const { projects, connections } = load(text);
      expect(connections.size).toBe(0);
      expect(projects.get('shop')).toMatchObject({
        builds: 'registry',
        ci: '',
        events: ['builds: registry'],
        images: [{ revision: 'require' }],
      });
    }
  });

  it('may have a Git host beside other projects with CI', () => {
    const text = `connections: {gh: {kind: github}, other: {kind: github}}\n${configure('git: gh')}`;
    expect(load(text).projects.get('shop')).toMatchObject({ ci: '', git: 'gh' });
  });

  it.each([
    ['ci: gh', 'ci: found "gh", expected none, since builds: registry asks no CI; leave the key out'],
    [
      'workflows: [.github/workflows/b.yml]',
      'workflows: found a list, expected none, since builds: registry asks no CI; leave the key out',
    ],
    [
      'events: [push]',
      'events: found a list, expected none, since builds: registry asks no CI; leave the key out',
    ],
    [
      'blocked: success',
      'blocked: found "success", expected none, since builds: registry asks no CI; leave the key out',
    ],
    ['lookback: 5', 'lookback: found 5, expected none, since builds: registry asks no CI; leave the key out'],
  ])('is refused with %s', (keys, problem) => {
    expect(problemsOf(`connections: {gh: {kind: github}}\n${configure(keys)}`)).toEqual([
      `7:5 projects.shop.${problem}`,
    ]);
  });

  it.each([
    [
      "'x:{build_id}'",
      'front: found {build_id} in the reference, expected {commit} or another placeholder: without CI (builds: registry), a build has no id and no number',
    ],
    [
      "{reference: 'x:{build_number:3}-{commit}'}",
      'front.reference: found {build_number} in the reference, expected {commit} or another placeholder: without CI (builds: registry), a build has no id and no number',
    ],
    [
      "{reference: 'x:{commit}', revision: auto}",
      'front.revision: found "auto", expected require, since the revision is the only proof that builds: registry has',
    ],
    [
      "{reference: 'x:{commit}', onMissing: previous}",
      'front.onMissing: found "previous", expected reject, since builds: registry knows no other build',
    ],
    [
      "{reference: 'x:{commit}', workflow: .github/workflows/b.yml}",
      'front.workflow: found ".github/workflows/b.yml", expected none, since builds: registry asks no CI; leave the key out',
    ],
  ])('is refused with the image %s', (image, problem) => {
    const [line, ...others] = problemsOf(configure('', image));
    expect([line?.replace(/^\S+ /, ''), ...others]).toEqual([`projects.shop.images.${problem}`]);
  });

  it('is refused with statuses unless a Git host knows them', () => {
    const connections = 'connections: {gh: {kind: github}}';
    expect(problemsOf(`${connections}\n${configure('statuses: [sonarqube]')}`)).toEqual([
      '7:5 projects.shop.statuses: found the key without git, expected git to name the connection that knows the statuses',
    ]);
    expect(problemsOf(`${connections}\n${configure('statuses: [sonarqube]\n    git: gh')}`)).toEqual([]);
  });

  it("is refused with a repository that is not in its Git host's form", () => {
    const text = configure('git: gh').replace('acme/shop', 'acme/group/shop');
    expect(problemsOf(`connections: {gh: {kind: github}}\n${text}`)).toEqual([
      '5:5 projects.shop.repository: found "acme/group/shop", expected OWNER/NAME, for example acme/shop',
    ]);
  });
});

describe('a project with builds: statuses', () => {
  it.each([
    ['blocked: success', "'x:{commit}'", 'projects.shop.blocked: found "success"'],
    [
      '',
      "{reference: 'x:{commit}', workflow: .github/workflows/b.yml}",
      'projects.shop.images.front.workflow: found ".github/workflows/b.yml"',
    ],
  ])('is refused with what only runs have: %s %s', (keys, image, problem) => {
    const text = configure(keys, image).replace(
      'builds: registry',
      'builds: statuses\n    statuses: [drone]',
    );
    const [line, ...others] = problemsOf(`connections: {gh: {kind: github}}\n${text}`);
    expect(others).toEqual([]);
    expect(line).toContain(`${problem}, expected none, since builds: statuses asks no CI for its runs`);
  });
});

describe('a project with CI beside it', () => {
  const withCi = "\n  blog: {repository: acme/blog, images: {front: 'x:{commit}'}}";

  it('still needs a connection', () => {
    expect(problemsOf(configure('').trimEnd() + withCi)).toEqual([
      '1:1 connections: found nothing, expected a mapping, for example connections: {github: {kind: github, tokenEnv: GITHUB_TOKEN}}',
    ]);
    expect(problemsOf(`connections: {}\n${configure('').trimEnd()}${withCi}`)).toEqual([
      '1:1 connections: found an empty mapping, expected at least one entry',
    ]);
  });
});
