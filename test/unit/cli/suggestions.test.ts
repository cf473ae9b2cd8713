import { describe, expect, test } from 'vitest';
import { suggestBranch, suggestWorkflow } from '../../../src/cli/suggestions.ts';

const KNOWN = ['main', 'develop', 'feature/cart', 'JIRA-12_new-menu', 'release/1.2', 'fix/menu', 'x'];

describe('the branch that was meant', () => {
  test.each([
    ['origin/main', 'main'],
    ['refs/heads/main', 'main'],
    ['refs/remotes/origin/feature/cart', 'feature/cart'],
    ['remotes/origin/develop', 'develop'],
    ['upstream/develop', 'develop'],
    ['acme:main', 'main'],
    ['Main', 'main'],
    ['feature-cart', 'feature/cart'],
    ['feature_cart', 'feature/cart'],
    ['jira-12-new-menu', 'JIRA-12_new-menu'],
    ['cart', 'feature/cart'],
    ['featuer/cart', 'feature/cart'],
    ['mian', 'main'],
  ])('by %s is %s', (branch, meant) => {
    expect(suggestBranch(branch, KNOWN)).toBe(`did you mean ${meant}?`);
  });
});

test('what is like none is answered with what there is', () => {
  expect(suggestBranch('something-else', KNOWN)).toBe(
    'it has runs of main, develop, feature/cart, JIRA-12_new-menu, release/1.2 and 2 more',
  );
  expect(suggestBranch('something-else', ['main'])).toBe('it has runs of main');
  expect(suggestBranch('something-else', [])).toBe('it has no runs of any branch');
});

test('an end that two branches have means neither', () => {
  expect(suggestBranch('menu', ['team-a/menu', 'team-b/menu'])).toBe(
    'it has runs of team-a/menu, team-b/menu',
  );
});

const path = (file: string) => `.github/workflows/${file}`;

test.each([
  ['biuld.yml', 'build.yml'],
  ['build.yaml', 'build.yml'],
  ['Build.yml', 'build.yml'],
])('%s is taken for %s', (wrong, right) => {
  const known = [path('test.yml'), path(right), 'dynamic/pages/pages-build-deployment'];
  expect(suggestWorkflow(path(wrong), known)).toBe(`did you mean ${path(right)}?`);
});

test('where nothing is like it, what there is is told, but not all of a hundred', () => {
  const files = ['f', 'e', 'd', 'c', 'b', 'a', 'g'].map((name) => path(`${name.repeat(9)}.yml`));
  expect(suggestWorkflow(path('release.yml'), files)).toBe(
    `CI has ${['a', 'b', 'c', 'd', 'e'].map((name) => path(`${name.repeat(9)}.yml`)).join(', ')} and 2 more`,
  );
  expect(suggestWorkflow(path('release.yml'), [])).toBe('CI knows no workflow at all');
});
