/** Schemas for records shared between replicas. They leave the process, so they are validated again. */
import { z } from 'zod';
import type { PullRequestHead, RevisionResult } from '../resolve/ports.ts';
import type { Run } from '../resolve/types.ts';
import type { PullRequestPage } from '../ci/git-host.ts';
import type { StatusPage } from '../ci/commit-statuses.ts';
import type { RunPage } from '../ci/provider.ts';
import type { DigestResult } from '../registry/registry-client.ts';
import { storedCommit, storedDigest } from '../schema/stored.ts';

/** The range of an ECMAScript time value, milliseconds. */
const moment = z.number().min(-8.64e15).max(8.64e15);
/** The longest text that providers allow. A branch name may contain nearly any character. */
const word = z.string().max(4_000);

const url = word.regex(/^(?:https?:\/\/\S+)?$/);

const run: z.ZodType<Run> = z.object({
  id: word.min(1),
  number: word,
  attempt: z.int().min(0),
  workflow: word.nullable(),
  workflowId: word.nullable(),
  branch: word.min(1).nullable(),
  queuedFor: word.min(1).optional(),
  pullRequest: word.min(1).nullable(),
  refKind: z.enum(['branch', 'tag', 'pull_request', 'unknown']),
  commit: storedCommit,
  builtCommit: storedCommit.nullable(),
  event: word,
  state: z.enum(['running', 'blocked', 'success', 'unsuccessful', 'skipped']),
  outcome: word,
  headRepositoryId: word.nullable(),
  origin: z.enum(['own', 'foreign', 'unknown']),
  mayPush: z.boolean(),
  url,
  position: z.int(),
  tie: word,
  createdAt: moment.nullable(),
  startedAt: moment,
  updatedAt: moment,
  committedAt: moment.nullable(),
});

const unreadRun = z.object({
  id: word.nullable(),
  branch: word.nullable(),
  commit: word.nullable(),
  position: z.int().nullable(),
  tie: word.nullable(),
  createdAt: moment.nullable(),
  problem: word,
});

const runPage = z.object({
  runs: z.array(run).max(1_000),
  next: word.min(1).optional(),
  restarts: z.boolean().optional(),
  total: z.int().min(0).optional(),
  validator: word.optional(),
  changes: word.optional(),
  unread: z.array(unreadRun).max(1_000).optional(),
  short: z.boolean().optional(),
  clock: moment.optional(),
});

const pullRequestHead = z.object({
  kind: z.literal('known'),
  openedAfter: moment.nullable(),
  headRepositoryId: word.nullable(),
  headBranch: word.nullable(),
  headCommit: storedCommit.nullable(),
  origin: z.enum(['own', 'foreign']),
});

const statusPage = z.object({
  statuses: z
    .array(
      z.object({
        context: word,
        state: z.enum(['success', 'pending', 'unsuccessful']),
        outcome: word,
        url: url.optional(),
      }),
    )
    .max(10_000),
  validator: word.optional(),
});

const pullRequestPage = z.object({
  pullRequests: z
    .array(
      z.object({
        number: word.min(1),
        title: z.string(),
        author: z.string().nullable(),
        labels: z.array(z.string()).max(10_000),
        isDraft: z.boolean(),
        targetBranch: z.string(),
        head: pullRequestHead,
      }),
    )
    .max(10_000),
  next: z.string().optional(),
  validator: word.optional(),
  unread: z.array(z.object({ number: word.nullable(), problem: z.string() })).max(10_000),
});

const digestResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('found'), digest: storedDigest, mediaType: word }),
  z.object({
    kind: z.literal('absent'),
    missing: z.enum(['manifest', 'repository']),
    reason: word,
  }),
]);

const revision = z.object({ kind: z.literal('found'), revisions: z.array(word.min(1)).max(1_000) });

/** Each returns undefined if the record is malformed. */
export const parseRunPage = (value: unknown): RunPage | undefined => runPage.safeParse(value).data;
export const parseRun = (value: unknown): Run | 'gone' | undefined =>
  value === 'gone' ? value : run.safeParse(value).data;
export const parsePullRequestHead = (value: unknown): PullRequestHead | undefined =>
  pullRequestHead.safeParse(value).data;
export const parsePullRequestPage = (value: unknown): PullRequestPage | undefined =>
  pullRequestPage.safeParse(value).data;
export const parseStatusPage = (value: unknown): StatusPage | undefined => statusPage.safeParse(value).data;
export const parseDigestResult = (value: unknown): DigestResult | undefined =>
  digestResult.safeParse(value).data;
export const parseRevision = (value: unknown): RevisionResult | undefined => revision.safeParse(value).data;
