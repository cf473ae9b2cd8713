/** What replicas tell each other, as it is checked when it comes back: it was somewhere else meanwhile. */
import { z } from 'zod';
import type { DigestResult, PullRequestHead, RevisionResult, RunPage } from '../resolve/ports.ts';
import type { Digest, Run } from '../resolve/types.ts';

const moment = z.number().finite();

const run: z.ZodType<Run> = z.object({
  id: z.string().min(1),
  number: z.string(),
  attempt: z.int(),
  workflow: z.string(),
  workflowId: z.string(),
  branch: z.string(),
  refKind: z.enum(['branch', 'tag', 'pull_request', 'unknown']),
  commit: z.string().regex(/^[0-9a-f]{40,64}$/),
  builtCommit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .nullable(),
  event: z.string(),
  state: z.enum(['running', 'success', 'unsuccessful', 'skipped']),
  outcome: z.string(),
  headRepositoryId: z.string().nullable(),
  foreign: z.boolean(),
  mayPush: z.boolean(),
  url: z.string(),
  createdAt: moment,
  startedAt: moment,
  updatedAt: moment,
  committedAt: moment.nullable(),
});

const unreadRun = z.object({
  id: z.string().nullable(),
  branch: z.string().nullable(),
  commit: z.string().nullable(),
  createdAt: moment.nullable(),
  problem: z.string(),
});

const runPage = z.object({
  runs: z.array(run),
  more: z.boolean(),
  total: z.number(),
  validator: z.string().exactOptional(),
  unread: z.array(unreadRun).exactOptional(),
  cut: z.boolean().exactOptional(),
  short: z.boolean().exactOptional(),
  clock: moment.exactOptional(),
});

const pullRequestHead = z.object({
  kind: z.literal('known'),
  openedAt: moment.nullable(),
  headRepositoryId: z.string().nullable(),
  foreign: z.boolean(),
});

const digest = z
  .string()
  .regex(/^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/)
  .transform((text) => text as Digest);

const digestResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('found'), digest, mediaType: z.string() }),
  z.object({
    kind: z.literal('absent'),
    missing: z.enum(['manifest', 'repository']),
    reason: z.string(),
  }),
]);

const revision = z.object({ kind: z.literal('found'), revisions: z.array(z.string().min(1)) });

/** Each: undefined for what is none. */
export const parseRunPage = (value: unknown): RunPage | undefined => runPage.safeParse(value).data;
export const parseRun = (value: unknown): Run | 'gone' | undefined =>
  value === 'gone' ? value : run.safeParse(value).data;
export const parsePullRequestHead = (value: unknown): PullRequestHead | undefined =>
  pullRequestHead.safeParse(value).data;
export const parseDigestResult = (value: unknown): DigestResult | undefined =>
  digestResult.safeParse(value).data;
export const parseRevision = (value: unknown): RevisionResult | undefined => revision.safeParse(value).data;
