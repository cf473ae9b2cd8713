/**
 * Checks the schemas for Bitbucket's answers against Atlassian's OpenAPI descriptions of Bitbucket Cloud and
 * Data Center: `tsc` holds the types, the tests the examples and the list of fields.
 */
import type { components as Cloud } from '@coderabbitai/bitbucket/cloud/openapi';
import type { components as DataCenter } from '@coderabbitai/bitbucket/server/openapi';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { buildStatusSchema } from '../../src/ci/bitbucket-server/statuses.ts';
import {
  branchSchema as serverBranchSchema,
  commitSchema as serverCommitSchema,
} from '../../src/ci/bitbucket-server/push-log.ts';
import { openPullRequestSchema as serverPullRequestSchema } from '../../src/ci/bitbucket-server/pull-request.ts';
import { openPullRequestSchema, PULL_REQUEST_FIELDS } from '../../src/ci/bitbucket/pull-request.ts';
import { branchSchema, commitSchema } from '../../src/ci/bitbucket/push-log.ts';
import { PIPELINE_FIELDS, pipelineSchema } from '../../src/ci/bitbucket/schema.ts';
import { statusSchema } from '../../src/ci/bitbucket/statuses.ts';
import { createPipeline, createPullRequest } from '../fixtures/bitbucket/data.ts';
import { cut } from '../fixtures/bitbucket/partial.ts';

type CloudSchemas = Cloud['schemas'];
type ServerSchemas = DataCenter['schemas'];

/** Every field of the description that we read, as if it were there. Optional fields are all optional here. */
type Described<Schema, Field extends keyof Schema> = { [Key in Field]-?: Exclude<Schema[Key], undefined> };

/** Fails to compile if a described field has a type that our schema does not accept. */
function accepts<Accepted>(): <Field extends Partial<Accepted>>(described: Field) => Field {
  return (described) => described;
}

type Input<Schema extends z.ZodType> = z.input<Schema>;

type PipelineDescription = Described<
  CloudSchemas['pipeline'],
  'uuid' | 'build_number' | 'created_on' | 'completed_on'
>;
type StatusDescription = Described<CloudSchemas['commitstatus'], 'key' | 'state' | 'url'>;
type PullRequestDescription = Described<CloudSchemas['pullrequest'], 'id' | 'title' | 'draft' | 'created_on'>;
type EndpointDescription = {
  readonly branch: { readonly name: Exclude<BranchOfEndpoint['name'], undefined> };
  readonly commit: { readonly hash: Exclude<CommitOfEndpoint['hash'], undefined> };
};
type BranchOfEndpoint = Exclude<CloudSchemas['pullrequest_endpoint']['branch'], undefined>;
type CommitOfEndpoint = Exclude<CloudSchemas['pullrequest_endpoint']['commit'], undefined>;
type CommitDescription = Described<CloudSchemas['base_commit'], 'hash' | 'date'>;

type ServerStatusDescription = Described<ServerSchemas['RestBuildStatus'], 'key' | 'state' | 'url'>;
type ServerPullRequestDescription = Described<
  ServerSchemas['RestPullRequest'],
  'id' | 'title' | 'draft' | 'createdDate'
>;
type ServerRefDescription = Described<ServerSchemas['RestPullRequestRef'], 'id' | 'latestCommit'>;
type ServerBranchDescription = Described<ServerSchemas['RestBranch'], 'id' | 'latestCommit'>;
type ServerCommitDescription = Described<
  ServerSchemas['RestCommit'],
  'id' | 'authorTimestamp' | 'committerTimestamp'
>;

describe("the OpenAPI description's types", () => {
  it('are those that the schemas of Bitbucket Cloud accept', () => {
    const hash = 'c373229ac27300b1e1fde96d30c1b862d7ab276e';
    const pipeline = accepts<Input<typeof pipelineSchema>>()<PipelineDescription>({
      uuid: '{7d8e9f00-1a2b-4c3d-8e4f-5a6b7c8d9e0f}',
      build_number: 15,
      created_on: '2026-05-28T16:03:35.550641504Z',
      completed_on: '2026-05-28T16:28:23.554063737Z',
    });
    const { uuid, build_number, created_on, completed_on } = pipelineSchema.shape;
    expect(Object.entries({ uuid, build_number, created_on, completed_on })).toSatisfy(
      (fields: [keyof PipelineDescription, z.ZodType][]) =>
        fields.every(([name, schema]) => schema.safeParse(pipeline[name]).success),
    );
    const status = accepts<Input<typeof statusSchema>>()<StatusDescription>({
      key: 'BB-DEPLOY',
      state: 'SUCCESSFUL',
      url: 'https://ci.example.com/1',
    });
    expect(statusSchema.parse(status)).toEqual(status);
    const commit = accepts<Input<typeof commitSchema>>()<CommitDescription>({
      hash,
      date: '2026-05-28T16:03:35+00:00',
    });
    expect(commitSchema.safeParse({ ...commit, parents: [commit] }).success).toBe(true);
    expect(branchSchema.safeParse({ name: 'main', target: commit }).success).toBe(true);
    const pullRequest = accepts<Input<typeof openPullRequestSchema>>()<PullRequestDescription>({
      id: 3,
      title: 'Change',
      draft: false,
      created_on: '2026-05-28T16:03:35.550641+00:00',
    });
    const endpoint: EndpointDescription = {
      branch: { name: 'feature' },
      commit: { hash: hash.slice(0, 12) },
    };
    const side = { ...endpoint, repository: { uuid: '{1}' } };
    const parsed = openPullRequestSchema.parse({ ...pullRequest, source: side, destination: side });
    expect(parsed).toMatchObject({ id: '3', source: { commit: null } });
  });

  it('are those that the schemas of Bitbucket Data Center accept', () => {
    const hash = 'babecafebabecafebabecafebabecafebabecafe';
    const status = accepts<Input<typeof buildStatusSchema>>()<ServerStatusDescription>({
      key: 'TEST-REP3',
      state: 'CANCELLED',
      url: 'https://bamboo.example.com/browse/TEST-REP3',
    });
    expect(buildStatusSchema.parse(status)).toEqual(status);
    const commit = accepts<Input<typeof serverCommitSchema>>()<ServerCommitDescription>({
      id: hash,
      authorTimestamp: 1_359_075_920_000,
      committerTimestamp: 1_449_075_830_000,
    });
    expect(serverCommitSchema.safeParse({ ...commit, parents: [{ id: hash }] }).success).toBe(true);
    const branch = accepts<Input<typeof serverBranchSchema>>()<ServerBranchDescription>({
      id: 'refs/heads/master',
      latestCommit: hash,
    });
    // As a server of version 10.4 answers (vriesdemichael/bitbucket-data-center-cli, branch details).
    const metadata = {
      'com.atlassian.bitbucket.server.bitbucket-branch:ahead-behind-metadata-provider': {
        ahead: 1,
        behind: 1,
      },
      'com.atlassian.bitbucket.server.bitbucket-branch:latest-commit-metadata': {
        id: 'dc898d6e6936facfc06ef37ba07739e434b74bb3',
        displayId: 'dc898d6e693',
        authorTimestamp: 1_790_776_819_000,
      },
    };
    expect(serverBranchSchema.safeParse({ ...branch, metadata }).success).toBe(true);
    const pullRequest = accepts<Input<typeof serverPullRequestSchema>>()<ServerPullRequestDescription>({
      id: 7,
      title: 'Change',
      draft: true,
      createdDate: 13_590_759_200,
    });
    const ref: ServerRefDescription = { id: 'refs/heads/feature-ABC-123', latestCommit: hash };
    const side = { ...ref, repository: { id: 1 } };
    expect(serverPullRequestSchema.safeParse({ ...pullRequest, fromRef: side, toRef: side }).success).toBe(
      true,
    );
  });
});

describe('the fields that are requested', () => {
  it('are enough to read a pipeline', () => {
    const whole = createPipeline(7);
    expect(pipelineSchema.parse(cut(whole, PIPELINE_FIELDS.join(',')))).toEqual(pipelineSchema.parse(whole));
  });

  it('are enough to read a pull request', () => {
    const whole = createPullRequest(7, 'fork');
    const parsed = openPullRequestSchema.parse(cut(whole, PULL_REQUEST_FIELDS.join(',')));
    expect(parsed).toEqual(openPullRequestSchema.parse(whole));
  });

  it('name every field of the schema of a pipeline', () => {
    const requested = new Set(PIPELINE_FIELDS.map((field) => field.split('.')[0] ?? ''));
    expect(requested).toEqual(new Set(Object.keys(pipelineSchema.shape)));
  });
});
