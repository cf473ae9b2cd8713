/**
 * Checks the schemas for Azure DevOps' answers against Microsoft's description of the API
 * (test/fixtures/azure-devops/extract.ts).
 */
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { azureBuildSchema, parseBuildPage } from '../../src/ci/azure-devops/build.ts';
import { azureDefinitionSchema } from '../../src/ci/azure-devops/inspector.ts';
import { azureDevOpsProjectKeys } from '../../src/ci/azure-devops/project-keys.ts';
import { azureOpenPullRequestSchema, parsePullRequest } from '../../src/ci/azure-devops/pull-request.ts';
import { azurePushSchema, parsePushPage } from '../../src/ci/azure-devops/push-log.ts';
import { azureRepositorySchema } from '../../src/ci/azure-devops/repository-ids.ts';
import { azureStatusSchema } from '../../src/ci/azure-devops/statuses.ts';
import { createFakeBuild, createFakePullRequest } from '../fixtures/azure-devops/data.ts';
import specification from '../fixtures/azure-devops/specification.json' with { type: 'json' };

const { fields } = specification;
const SOURCE = { host: 'dev.azure.com', api: 'Azure DevOps' };

const READ: [keyof typeof fields, z.ZodObject][] = [
  ['Build', azureBuildSchema],
  ['BuildRepository', azureBuildSchema.shape.repository],
  ['DefinitionReference', azureBuildSchema.shape.definition],
  ['DefinitionReference', azureDefinitionSchema],
  ['GitRepository', azureRepositorySchema],
  ['GitRepository', azureOpenPullRequestSchema.shape.repository],
  ['GitPullRequest', azureOpenPullRequestSchema],
  ['GitStatus', azureStatusSchema],
  ['GitStatusContext', azureStatusSchema.shape.context],
  ['GitPush', azurePushSchema],
];

describe("Microsoft's description of the API", () => {
  it.each(READ)('has every field that is read of a %s', (name, schema) => {
    expect(Object.keys(fields[name])).toEqual(expect.arrayContaining(Object.keys(schema.shape)));
  });

  it('has the reasons that a project may name, and no others', () => {
    const named = fields.Build.reason.filter(
      (reason) => azureDevOpsProjectKeys.event.safeParse(reason).success,
    );
    // A filter, never the reason of a build.
    expect([...named, 'all']).toEqual(fields.Build.reason);
  });

  it('has the words for states that builds are told apart by', () => {
    expect(fields.Build.status).toContain('completed');
    expect(fields.Build.result).toContain('succeeded');
    expect(fields.GitStatus.state).toEqual(expect.arrayContaining(['notSet', 'pending', 'succeeded']));
  });
});

describe('the fake Azure DevOps of our tests', () => {
  it.each([
    ['Build', createFakeBuild(1, { deleted: false, parameters: '{}' })],
    ['GitPullRequest', createFakePullRequest(1, { forkSource: { name: 'x', repository: null }, labels: [] })],
  ] as const)('has no field that a %s does not have', (name, fake) => {
    expect(Object.keys(fields[name])).toEqual(expect.arrayContaining(Object.keys(fake)));
  });
});

/** dev.azure.com/dnceng-public/public/_apis/build/builds, 2026-10-08, without the fields that are not read. */
const RECORDED_BUILD = {
  _links: {
    web: {
      href: 'https://dev.azure.com/dnceng-public/cbb18261-c48f-4abb-8651-8cdcb5474649/_build/results?buildId=1627560',
    },
  },
  triggerInfo: {
    'pr.sourceBranch': 'gdv-debuginfo-to-ret-expression',
    'pr.sourceSha': '2e08d5d9852dbf41b219d6091a0bdb569f674cc5',
    'pr.number': '135209',
    'pr.isFork': 'True',
    'pr.providerId': 'github',
  },
  id: 1_627_560,
  buildNumber: '20261007.96',
  status: 'completed',
  result: 'succeeded',
  queueTime: '2026-10-08T03:37:08.1587704Z',
  startTime: '2026-10-08T03:40:20.5222247Z',
  finishTime: '2026-10-08T04:41:27.3816273Z',
  definition: { id: 139, name: 'dotnet-linker-tests', path: String.raw`\dotnet\runtime` },
  sourceBranch: 'refs/pull/135209/merge',
  sourceVersion: '9e9d2102f3b5d808024e9d40f0b3048bbe652ad3',
  reason: 'pullRequest',
  parameters:
    '{"system.pullRequest.pullRequestId":"4745208282","system.pullRequest.pullRequestNumber":"135209","system.pullRequest.sourceRepositoryUri":"https://github.com/dotnet/runtime","system.pullRequest.sourceCommitId":"2e08d5d9852dbf41b219d6091a0bdb569f674cc5","system.pullRequest.isFork":"True"}',
  repository: { id: 'dotnet/runtime', type: 'GitHub', clean: null, checkoutSubmodules: false },
};

function page(build: unknown, repositoryId: string) {
  return parseBuildPage({ count: 1, value: [build] }, repositoryId, SOURCE);
}

describe('a recorded build', () => {
  it('of a fork on GitHub is left out, since the list is of Azure Repos', () => {
    expect(page(RECORDED_BUILD, 'dotnet/runtime')).toEqual({ runs: [], unread: [] });
  });

  it('is read as far as Azure Repos have the same fields', () => {
    const repository = { ...RECORDED_BUILD.repository, type: 'TfsGit' };
    expect(page({ ...RECORDED_BUILD, repository }, 'dotnet/runtime').runs).toMatchObject([
      {
        id: '1627560',
        number: '20261007.96',
        workflow: 'dotnet-linker-tests',
        workflowId: '139',
        pullRequest: '135209',
        commit: '2e08d5d9852dbf41b219d6091a0bdb569f674cc5',
        builtCommit: '9e9d2102f3b5d808024e9d40f0b3048bbe652ad3',
        origin: 'foreign',
        createdAt: Date.parse('2026-10-08T03:37:08.158Z'),
        updatedAt: Date.parse('2026-10-08T04:41:27.381Z'),
      },
    ]);
  });
});

/** httpExamples of MicrosoftDocs/vsts-rest-api-specs, without the fields that are not read. */
describe("Microsoft's example", () => {
  it('of a pull request is read', () => {
    const example = {
      repository: { id: '3411ebc1-d5aa-464f-9615-0b527bc66719', name: '2016_10_31' },
      pullRequestId: 22,
      status: 'active',
      createdBy: { displayName: 'Normal Paulk', uniqueName: 'fabrikamfiber16@hotmail.com' },
      creationDate: '2016-11-01T16:30:31.6655471Z',
      title: 'A new feature',
      sourceRefName: 'refs/heads/npaulk/my_work',
      targetRefName: 'refs/heads/new_feature',
      lastMergeSourceCommit: { commitId: 'b60280bc6e62e2f880f1b63c1e24987664d3bda3' },
    };
    expect(parsePullRequest(example, '2016_10_31', SOURCE, (time) => time)).toEqual({
      kind: 'known',
      openedAfter: Date.parse('2016-11-01T16:30:31.665Z'),
      headRepositoryId: '3411ebc1-d5aa-464f-9615-0b527bc66719',
      headBranch: 'npaulk/my_work',
      headCommit: 'b60280bc6e62e2f880f1b63c1e24987664d3bda3',
      origin: 'own',
    });
  });

  it('of a commit status, which has no id, is read', () => {
    const example = {
      state: 'succeeded',
      context: { name: 'Build123', genre: 'continuous-integration' },
      creationDate: '2016-01-27T09:33:07Z',
      targetUrl: 'https://ci.fabrikam.com/my-project/build/123 ',
    };
    expect(azureStatusSchema.parse(example)).toMatchObject({ state: 'succeeded' });
  });

  it('of a push is read', () => {
    const newObjectId = '67cae2b029dff7eb3dc062b49403aaedca5bad8d';
    const refUpdates = [{ name: 'refs/heads/develop', newObjectId }];
    const example = { pushId: 3, date: '2014-01-29T23:53:35.705139Z', refUpdates };
    expect(parsePushPage({ count: 1, value: [example] }, SOURCE).pushes).toMatchObject([
      { branch: 'develop', commit: newObjectId },
    ]);
  });
});
