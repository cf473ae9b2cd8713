/** Parses GitHub's pull requests: https://docs.github.com/rest/pulls/pulls. Pure. */
import { z } from 'zod';
import type { PullRequestHead } from '../../resolve/ports.ts';
import type { ToOurClock } from '../clock-translation.ts';
import type { OpenPullRequest, PullRequestPage } from '../git-host.ts';
import { parseOpenPullRequests } from '../pull-request-elements.ts';
import { commit, id, instant, MAX_ELEMENTS, text } from '../fields.ts';
import { parseShape, repository } from './schema.ts';

const pullRequestSchema = z.object({
  // Optional, since the origin does not depend on it.
  created_at: instant.nullish().catch(null),
  head: z.object({
    ref: text.nullish().catch(null),
    sha: commit.nullish().catch(null),
    // Null if the fork was deleted.
    repo: repository.nullish(),
  }),
  base: z.object({ repo: repository }),
});

const openPullRequestSchema = pullRequestSchema.extend({
  number: id,
  title: text,
  // Null if the account was deleted.
  user: z.object({ login: text }).nullish(),
  labels: z.array(z.object({ name: text })).max(MAX_ELEMENTS),
  draft: z.boolean().nullish(),
  base: z.object({ ref: text, repo: repository }),
});

const numberSchema = z.object({ number: id });

/** @throws UpstreamError `malformed` */
export function parsePullRequest(value: unknown, host: string, toOurClock: ToOurClock): PullRequestHead {
  return toHead(parseShape(pullRequestSchema, value, host), toOurClock);
}

/** Returns malformed elements in `unread`. @throws UpstreamError `malformed` if the response is not a list */
export function parsePullRequestPage(
  value: unknown,
  host: string,
  toOurClock: ToOurClock,
): Pick<PullRequestPage, 'pullRequests' | 'unread'> {
  const elements = parseShape(z.array(z.unknown()).max(MAX_ELEMENTS), value, host);
  return parseOpenPullRequests(elements, {
    list: '',
    schema: openPullRequestSchema,
    toOpenPullRequest: (raw) => toOpenPullRequest(raw, toOurClock),
    numberOf: (element) => numberSchema.safeParse(element).data?.number,
  });
}

function toOpenPullRequest(
  data: z.output<typeof openPullRequestSchema>,
  toOurClock: ToOurClock,
): OpenPullRequest {
  return {
    number: data.number,
    title: data.title,
    author: data.user?.login ?? null,
    labels: data.labels.map(({ name }) => name),
    isDraft: data.draft ?? false,
    targetBranch: data.base.ref,
    head: toHead(data, toOurClock),
  };
}

function toHead(
  { head, base, created_at: createdAt }: z.output<typeof pullRequestSchema>,
  toOurClock: ToOurClock,
): PullRequestHead {
  const headRepositoryId = head.repo?.id ?? null;
  return {
    kind: 'known',
    openedAfter: createdAt == null ? null : toOurClock(createdAt),
    headRepositoryId,
    headBranch: head.ref ?? null,
    headCommit: head.sha ?? null,
    origin: headRepositoryId === base.repo.id ? 'own' : 'foreign',
  };
}
