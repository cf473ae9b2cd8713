/** Parses GitLab's merge requests: https://docs.gitlab.com/api/merge_requests/. Pure. */
import { z } from 'zod';
import type { PullRequestHead } from '../../resolve/ports.ts';
import type { ToOurClock } from '../clock-translation.ts';
import { parseShape, type Source } from '../elements.ts';
import { commit, id, instant, MAX_ELEMENTS, text } from '../fields.ts';
import type { PullRequestPage } from '../git-host.ts';
import { parseOpenPullRequests } from '../pull-request-elements.ts';

const mergeRequestSchema = z.object({
  // Optional, since the origin does not depend on it.
  created_at: instant.nullish().catch(null),
  source_branch: text.nullish().catch(null),
  // Null while the merge request has no commits.
  sha: commit.nullish().catch(null),
  // Null if the fork was deleted.
  source_project_id: id.nullish(),
  target_project_id: id,
});

const openMergeRequestSchema = mergeRequestSchema.extend({
  iid: id,
  title: text,
  author: z.object({ username: text }).nullish(),
  labels: z.array(text).max(MAX_ELEMENTS),
  // Before GitLab 14, only `work_in_progress`.
  draft: z.boolean().nullish(),
  target_branch: text,
});

const numberSchema = z.object({ iid: id });

/** @throws UpstreamError `malformed` */
export function parseMergeRequest(value: unknown, source: Source, toOurClock: ToOurClock): PullRequestHead {
  return toHead(parseShape(mergeRequestSchema, value, source), toOurClock);
}

/** Returns malformed elements in `unread`. @throws UpstreamError `malformed` if the response is not a list */
export function parseMergeRequestPage(
  value: unknown,
  source: Source,
  toOurClock: ToOurClock,
): Pick<PullRequestPage, 'pullRequests' | 'unread'> {
  const elements = parseShape(z.array(z.unknown()).max(MAX_ELEMENTS), value, source);
  return parseOpenPullRequests(elements, {
    list: '',
    schema: openMergeRequestSchema,
    toOpenPullRequest: (mergeRequest) => ({
      number: mergeRequest.iid,
      title: mergeRequest.title,
      author: mergeRequest.author?.username ?? null,
      labels: mergeRequest.labels,
      isDraft: mergeRequest.draft ?? false,
      targetBranch: mergeRequest.target_branch,
      head: toHead(mergeRequest, toOurClock),
    }),
    numberOf: (element) => numberSchema.safeParse(element).data?.iid,
  });
}

function toHead(mergeRequest: z.output<typeof mergeRequestSchema>, toOurClock: ToOurClock): PullRequestHead {
  const { created_at: createdAt, source_branch, sha, source_project_id, target_project_id } = mergeRequest;
  return {
    kind: 'known',
    openedAfter: createdAt == null ? null : toOurClock(createdAt),
    headRepositoryId: source_project_id ?? null,
    headBranch: source_branch ?? null,
    headCommit: sha ?? null,
    origin: source_project_id === target_project_id ? 'own' : 'foreign',
  };
}
