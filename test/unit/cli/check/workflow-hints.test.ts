import { expect, test } from 'vitest';
import { suggestWorkflow } from '../../../../src/cli/check/workflow-hints.ts';

const path = (file: string) => `.github/workflows/${file}`;

test.each([
  ['biuld.yml', 'build.yml'],
  ['build.yaml', 'build.yml'],
  ['Build.yml', 'build.yml'],
])('%s suggests %s', (wrong, right) => {
  const known = [path('test.yml'), path(right), 'dynamic/pages/pages-build-deployment'];
  expect(suggestWorkflow(path(wrong), known)).toBe(`did you mean ${path(right)}?`);
});

test('without a similar name, some of the existing workflows are listed', () => {
  const files = ['f', 'e', 'd', 'c', 'b', 'a', 'g'].map((name) => path(`${name.repeat(9)}.yml`));
  expect(suggestWorkflow(path('release.yml'), files)).toBe(
    `CI has ${['a', 'b', 'c', 'd', 'e'].map((name) => path(`${name.repeat(9)}.yml`)).join(', ')} and 2 more`,
  );
  expect(suggestWorkflow(path('release.yml'), [])).toBe('CI knows no workflow at all');
});
