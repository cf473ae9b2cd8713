/** Parses the pull requests of Gitea and Forgejo (`services/convert/pull.go`). Pure. */
import { z } from 'zod';
import type { PullRequestHead } from '../../resolve/ports.ts';
import type { ToOurClock } from '../clock-translation.ts';
import { parseShape, type Source } from '../elements.ts';
import { commit, id, instant, MAX_ELEMENTS, text } from '../fields.ts';
import type { OpenPullRequest, PullRequestPage } from '../git-host.ts';
import { parseOpenPullRequests } from '../pull-request-elements.ts';

/** A contract test compares this with the OpenAPI description of Gitea 1.26.0. */
export const giteaPullRequestSchema = z.object({
  created_at: instant.nullish().catch(null),
  head: z.object({
    // Empty for a pull request that was pushed to `refs/for/` (AGit).
    label: text.nullish().catch(null),
    ref: text,
    sha: commit.nullish().catch(null),
    // -1 if the fork was deleted.
    repo_id: z.union([id, z.int().transform(() => null)]),
  }),
  base: z.object({ repo_id: id }),
});

const openPullRequestSchema = giteaPullRequestSchema.extend({
  number: id,
  title: text,
  user: z.object({ login: text }).nullish(),
  labels: z
    .array(z.object({ name: text }))
    .max(MAX_ELEMENTS)
    .nullish(),
  draft: z.boolean().nullish(),
  base: z.object({ ref: text, repo_id: id }),
});

const numberSchema = z.object({ number: id });

/** @throws UpstreamError `malformed` */
export function parsePullRequest(value: unknown, source: Source, toOurClock: ToOurClock): PullRequestHead {
  return toHead(parseShape(giteaPullRequestSchema, value, source), toOurClock);
}

/** Returns malformed elements in `unread`. @throws UpstreamError `malformed` if the answer is not a list */
export function parsePullRequestPage(
  value: unknown,
  source: Source,
  toOurClock: ToOurClock,
): Pick<PullRequestPage, 'pullRequests' | 'unread'> & { readonly length: number } {
  const elements = parseShape(z.array(z.unknown()).max(MAX_ELEMENTS), value, source);
  const parsed = parseOpenPullRequests(elements, {
    list: '',
    schema: openPullRequestSchema,
    toOpenPullRequest: (raw) => toOpenPullRequest(raw, toOurClock),
    numberOf: (element) => numberSchema.safeParse(element).data?.number,
  });
  return { ...parsed, length: elements.length };
}

function toOpenPullRequest(
  data: z.output<typeof openPullRequestSchema>,
  toOurClock: ToOurClock,
): OpenPullRequest {
  return {
    number: data.number,
    title: data.title,
    author: data.user?.login ?? null,
    labels: (data.labels ?? []).map(({ name }) => name),
    isDraft: data.draft ?? false,
    targetBranch: data.base.ref,
    head: toHead(data, toOurClock),
  };
}

/**
 * A pull request from the repository itself is only our own if it has a branch. Everybody who may read can
 * open one without (`git push origin HEAD:refs/for/main`), and Gitea itself distrusts it
 * (`services/actions/notifier_helper.go`): its head lies in the repository, but has no label.
 */
function toHead(
  { head, base, created_at: createdAt }: z.output<typeof giteaPullRequestSchema>,
  toOurClock: ToOurClock,
): PullRequestHead {
  const hasBranch = head.label != null && head.label !== '' && !head.ref.startsWith('refs/');
  return {
    kind: 'known',
    openedAfter: createdAt == null ? null : toOurClock(createdAt),
    headRepositoryId: head.repo_id,
    headBranch: hasBranch ? head.ref : null,
    headCommit: head.sha ?? null,
    origin: hasBranch && head.repo_id === base.repo_id ? 'own' : 'foreign',
  };
}
