/** Parses pull requests: https://developer.atlassian.com/server/bitbucket/rest/v905/api-group-pull-requests/. Pure. */
import { z } from 'zod';
import type { PullRequestHead } from '../../resolve/ports.ts';
import type { ToOurClock } from '../clock-translation.ts';
import { parseShape, type Source } from '../elements.ts';
import { commit, id, text } from '../fields.ts';
import type { OpenPullRequest, PullRequestPage } from '../git-host.ts';
import { parseOpenPullRequests } from '../pull-request-elements.ts';
import { branchOf } from './names.ts';

const repository = z.object({ id });

const pullRequestSchema = z.object({
  // Milliseconds since the epoch. Optional, since the origin does not depend on it.
  createdDate: z.int().positive().nullish().catch(null),
  fromRef: z.object({
    id: text.nullish().catch(null),
    latestCommit: commit.nullish().catch(null),
    // Missing if the fork was deleted.
    repository: repository.nullish(),
  }),
  toRef: z.object({ repository }),
});

/** A contract test compares this with Bitbucket's OpenAPI description. */
export const openPullRequestSchema = pullRequestSchema.extend({
  id,
  title: text,
  // Since Bitbucket 8.18.
  draft: z.boolean().nullish(),
  author: z
    .object({ user: z.object({ name: text }) })
    .nullish()
    .catch(null),
  toRef: z.object({ id: text, repository }),
});

const numberSchema = z.object({ id });

/** @throws UpstreamError `malformed` */
export function parsePullRequest(value: unknown, source: Source, toOurClock: ToOurClock): PullRequestHead {
  return toHead(parseShape(pullRequestSchema, value, source), toOurClock);
}

/** Returns elements that cannot be parsed in `unread`. */
export function parsePullRequests(
  elements: readonly unknown[],
  toOurClock: ToOurClock,
): Pick<PullRequestPage, 'pullRequests' | 'unread'> {
  return parseOpenPullRequests(elements, {
    list: 'values',
    schema: openPullRequestSchema,
    toOpenPullRequest: (raw) => toOpenPullRequest(raw, toOurClock),
    numberOf: (element) => numberSchema.safeParse(element).data?.id,
  });
}

function toOpenPullRequest(
  data: z.output<typeof openPullRequestSchema>,
  toOurClock: ToOurClock,
): OpenPullRequest {
  return {
    number: data.id,
    title: data.title,
    author: data.author?.user.name ?? null,
    labels: [],
    isDraft: data.draft ?? false,
    targetBranch: branchOf(data.toRef.id) ?? data.toRef.id,
    head: toHead(data, toOurClock),
  };
}

function toHead(
  { fromRef, toRef, createdDate }: z.output<typeof pullRequestSchema>,
  toOurClock: ToOurClock,
): PullRequestHead {
  const headRepositoryId = fromRef.repository?.id ?? null;
  return {
    kind: 'known',
    openedAfter: createdDate == null ? null : toOurClock(createdDate),
    headRepositoryId,
    // A pull request may come from a tag, too.
    headBranch: branchOf(fromRef.id ?? '') ?? null,
    headCommit: fromRef.latestCommit ?? null,
    origin: headRepositoryId === toRef.repository.id ? 'own' : 'foreign',
  };
}
