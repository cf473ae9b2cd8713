/** Keys of connections and projects: what is accepted, and what the errors say. */
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { azureDevOpsProjectKeys } from '../../../../src/ci/azure-devops/project-keys.ts';
import { azureDevOpsConnectionSchema } from '../../../../src/ci/azure-devops/settings.ts';

const { repository, workflow, event } = azureDevOpsProjectKeys;

function messageOf(schema: z.ZodType | 'none', value: unknown): string | undefined {
  if (schema === 'none') throw new Error('expected a schema');
  return schema.safeParse(value).error?.issues[0]?.message;
}

describe('a repository', () => {
  it.each(['acme/shop/front', 'acme/Shop Floor/front end', 'acme/R&D/x', 'DefaultCollection/Größe/a.b-c_d'])(
    'is %s',
    (name) => {
      expect(messageOf(repository, name)).toBeUndefined();
    },
  );

  const expected = 'ORGANIZATION/PROJECT/REPOSITORY, for example acme/shop/front';

  it.each([
    ['acme/shop', expected],
    ['acme/shop/front/x', expected],
    ['acme/../front', expected],
    ['acme/shop/ front', expected],
    ['acme/shop/front?x', expected],
    ['https://dev.azure.com/acme/shop/_git/front', `${expected}; did you mean acme/shop/front?`],
    [
      'https://mona@dev.azure.com/acme/Shop%20Floor/_git/front',
      `${expected}; did you mean acme/Shop Floor/front?`,
    ],
    ['git@ssh.dev.azure.com:v3/acme/shop/front', `${expected}; did you mean acme/shop/front?`],
    ['acme/Shop%20Floor/front', `${expected}; did you mean acme/Shop Floor/front?`],
    ['https://dev.azure.com/acme/%ff/_git/front', expected],
  ])('is not %s', (name, message) => {
    expect(messageOf(repository, name)).toBe(message);
  });
});

describe('a workflow', () => {
  it.each(['shop-ci', 'Shop CI (nightly)', '12', '\\12'])('is %s', (name) => {
    expect(messageOf(workflow, name)).toBeUndefined();
  });

  const expected = "a pipeline's name without its folder, or its id in quotes, for example shop-ci";

  it.each([
    ['\\team\\shop-ci', `${expected}; did you mean shop-ci?`],
    ['.github/workflows/build.yml', `${expected}; did you mean build.yml?`],
    [12, expected],
    ['', expected],
  ])('is not %j', (name, message) => {
    expect(messageOf(workflow, name)).toBe(message);
  });
});

describe('an event', () => {
  it.each([
    ['push', 'a reason of Azure Pipelines, for example individualCI or pullRequest'],
    [
      'pull_request',
      'a reason of Azure Pipelines, for example individualCI or pullRequest; did you mean pullRequest?',
    ],
  ])('is not %s', (name, message) => {
    expect(messageOf(event, name)).toBe(message);
  });
});

describe('the url', () => {
  it.each([
    'https://dev.azure.com',
    'https://dev.azure.com/',
    'https://tfs.example.com/tfs',
    'http://localhost:8080',
  ])('is %s', (url) => {
    expect(messageOf(azureDevOpsConnectionSchema.shape.url, url)).toBeUndefined();
  });

  it.each([
    ['https://dev.azure.com/acme', '; did you mean https://dev.azure.com?'],
    ['https://acme.visualstudio.com', '; did you mean https://dev.azure.com?'],
    ['http://tfs.example.com', 'http only on loopback'],
  ])('is not %s', (url, hint) => {
    expect(messageOf(azureDevOpsConnectionSchema.shape.url, url)).toContain(hint);
  });
});
