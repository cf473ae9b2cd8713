import { expect, it } from 'vitest';
import { findWarnings } from '../../../../src/cli/check/warnings.ts';
import { load } from '../../../fixtures/config/configurations.ts';

it('a project that asks no CI is told that its answers are weaker, and nothing about its tags', () => {
  const config = load(
    "projects: {shop: {builds: registry, repository: acme/shop, images: {front: 'ghcr.io/acme/front:{branch}'}}}",
  );
  expect(findWarnings(config)).toEqual([
    {
      level: 'warning',
      subject: 'builds',
      target: 'projects.shop',
      detail: expect.stringContaining('nothing proves that its build was green') as string,
      hint: expect.stringContaining('only after the tests have passed') as string,
    },
  ]);
});
