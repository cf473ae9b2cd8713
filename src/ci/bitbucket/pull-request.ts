/** Parses pull requests: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/. Pure. */
import { z } from 'zod';
import type { PullRequestHead } from '../../resolve/ports.ts';
import type { ToOurClock } from '../clock-translation.ts';
import { parseShape, type Source } from '../elements.ts';
import { commit, id, instant, text } from '../fields.ts';
import type { OpenPullRequest, PullRequestPage } from '../git-host.ts';
import { parseOpenPullRequests } from '../pull-request-elements.ts';

const repository = z.object({ uuid: text });

const pullRequestSchema = z.object({
  // Optional, since the origin does not depend on it.
  created_on: instant.nullish().catch(null),
  source: z.object({
    branch: z.object({ name: text }).nullish().catch(null),
    // Usually 12 digits, which name no commit for certain.
    commit: z.object({ hash: commit }).nullish().catch(null),
    // Null if the fork was deleted.
    repository: repository.nullish(),
  }),
  destination: z.object({ repository }),
});

/** A contract test compares this with Bitbucket's OpenAPI description. */
export const openPullRequestSchema = pullRequestSchema.extend({
  id,
  title: text,
  draft: z.boolean().nullish(),
  // Null if the account was deleted. The nickname is what Argo CD's generator passes on.
  author: z.object({ nickname: text.nullish(), display_name: text.nullish() }).nullish().catch(null),
  destination: z.object({ branch: z.object({ name: text }), repository }),
});

export const PULL_REQUEST_FIELDS: readonly string[] = [
  'id',
  'title',
  'draft',
  'created_on',
  'author.nickname',
  'author.display_name',
  'source.branch.name',
  'source.commit.hash',
  'source.repository.uuid',
  'destination.branch.name',
  'destination.repository.uuid',
];

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
    author: data.author?.nickname ?? data.author?.display_name ?? null,
    labels: [],
    isDraft: data.draft ?? false,
    targetBranch: data.destination.branch.name,
    head: toHead(data, toOurClock),
  };
}

function toHead(
  { source, destination, created_on: createdAt }: z.output<typeof pullRequestSchema>,
  toOurClock: ToOurClock,
): PullRequestHead {
  const headRepositoryId = source.repository?.uuid ?? null;
  return {
    kind: 'known',
    openedAfter: createdAt == null ? null : toOurClock(createdAt),
    headRepositoryId,
    headBranch: source.branch?.name ?? null,
    headCommit: source.commit?.hash ?? null,
    origin: headRepositoryId === destination.repository.uuid ? 'own' : 'foreign',
  };
}
