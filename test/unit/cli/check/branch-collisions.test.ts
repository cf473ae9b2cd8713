import { describe, expect, test } from 'vitest';
import {
  describeCollisions,
  listBranches,
  hasBranchTag,
} from '../../../../src/cli/check/branch-collisions.ts';
import { listProjects } from '../../../../src/cli/check/places.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import type { Project } from '../../../../src/resolve/types.ts';
import { createRun } from '../../../fixtures/builders.ts';

const CONFIG = loadConfig({
  file: 'greenpin.yaml',
  readFile: () => `
connections: {github: {kind: github}}
projects:
  shop:
    repository: acme/shop
    images:
      front: ghcr.io/acme/front:{branch}
      back: ghcr.io/acme/back:{ref_slug}
      safe: ghcr.io/acme/safe:{branch}-{commit}
      sure: {reference: "ghcr.io/acme/sure:{branch}", revision: require}
      number: ghcr.io/acme/number:{branch}-{build_number}
  docs:
    repository: acme/shop
    images: {site: "ghcr.io/acme/site:{commit}"}
  other:
    repository: acme/other
    images: {site: "ghcr.io/acme/site:{branch}"}
`,
  env: {},
});

function projects(): Project[] {
  return listProjects(CONFIG, 'github', 'acme/shop').filter(hasBranchTag);
}

test('only projects of the repository whose tags depend on the branch alone are looked at', () => {
  expect(projects().map(({ name }) => name)).toEqual(['shop']);
});

test('branches of forks, and tags, are none of the repository', () => {
  const runs = [
    createRun({ id: '1', branch: 'main' }),
    createRun({ id: '1', branch: 'main' }),
    createRun({ id: '1', branch: 'patch-1', origin: 'foreign' }),
    createRun({ id: '1', branch: 'v1', refKind: 'tag' }),
    createRun({ id: '1', branch: 'x', refKind: 'unknown' }),
  ];
  expect(listBranches(runs)).toEqual(['main', 'x']);
});

describe('branches that make the same tag', () => {
  test('are told for each image whose tag they share', () => {
    const found = describeCollisions(projects(), ['main', 'feature/x', 'Feature-x', 'feature-x']);
    expect(found).toEqual([
      {
        level: 'warning',
        subject: 'tag',
        target: 'ghcr.io/acme/front:{branch}',
        detail: 'branches feature-x and feature/x have the same tag (projects.shop.images.front)',
        hint: expect.stringContaining('{commit}'),
      },
      expect.objectContaining({
        target: 'ghcr.io/acme/back:{ref_slug}',
        detail: 'branches Feature-x, feature-x and feature/x have the same tag (projects.shop.images.back)',
      }),
    ]);
  });

  test('are named as far as a line bears it', () => {
    const [found] = describeCollisions(projects(), ['a/b', 'a@b', 'a~b', 'a+b', 'a-b']);
    expect(found?.detail).toContain('branches a+b, a-b, a/b and 2 more have the same tag');
  });

  test('do not include names of which no tag can be made', () => {
    expect(describeCollisions(projects(), ['日本', '中国', 'main'])).toEqual([
      expect.objectContaining({ target: 'ghcr.io/acme/front:{branch}' }),
    ]);
    expect(describeCollisions(projects(), ['main', 'develop'])).toEqual([]);
  });
});
