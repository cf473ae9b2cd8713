/** Parses GitLab's merge requests: https://docs.gitlab.com/api/merge_requests/. Pure. */
import { z } from 'zod';
import type { PullRequestHead } from '../../resolve/ports.ts';
import type { ToOurClock } from '../clock-translation.ts';
import { describeProblem, parseShape, type Source } from '../elements.ts';
import { commit, id, instant, MAX_ELEMENTS, text } from '../fields.ts';
import type { OpenPullRequest, PullRequestPage } from '../git-host.ts';

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
  const pullRequests: OpenPullRequest[] = [];
  const unread: PullRequestPage['unread'][number][] = [];
  for (const element of parseShape(z.array(z.unknown()).max(MAX_ELEMENTS), value, source)) {
    const { data, error } = openMergeRequestSchema.safeParse(element);
    if (data === undefined) {
      const number = numberSchema.safeParse(element).data?.iid ?? null;
      unread.push({ number, problem: describeProblem(error) });
    } else {
      pullRequests.push({
        number: data.iid,
        title: data.title,
        author: data.author?.username ?? null,
        labels: data.labels,
        isDraft: data.draft ?? false,
        targetBranch: data.target_branch,
        head: toHead(data, toOurClock),
      });
    }
  }
  return { pullRequests, unread };
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
