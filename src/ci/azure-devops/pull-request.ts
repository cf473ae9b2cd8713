/** Parses pull requests: https://learn.microsoft.com/rest/api/azure/devops/git/pull-requests. Pure. */
import { z } from 'zod';
import type { PullRequestHead } from '../../resolve/ports.ts';
import type { ToOurClock } from '../clock-translation.ts';
import { parseShape, type Source } from '../elements.ts';
import { commit, id, instant, MAX_ELEMENTS, text } from '../fields.ts';
import type { OpenPullRequest, PullRequestPage } from '../git-host.ts';
import { parseOpenPullRequests } from '../pull-request-elements.ts';
import { branchOf, notFound } from './names.ts';

const repository = z.object({ id: text.toLowerCase(), name: text.nullish() });

/** A contract test compares this with the API's description. */
export const azurePullRequestSchema = z.object({
  creationDate: instant.nullish().catch(null),
  sourceRefName: text.nullish().catch(null),
  // Null while the server has not computed the merge.
  lastMergeSourceCommit: z.object({ commitId: commit }).nullish().catch(null),
  // The target's repository.
  repository,
  // Present for a fork only; the repository is missing if it was deleted.
  forkSource: z.object({ repository: z.object({ id: text.toLowerCase() }).nullish().catch(null) }).nullish(),
});

/** A contract test compares this with the API's description. */
export const azureOpenPullRequestSchema = azurePullRequestSchema.extend({
  pullRequestId: id,
  title: text,
  createdBy: z.object({ uniqueName: text.nullish() }).nullish(),
  labels: z
    .array(z.object({ name: text }))
    .max(MAX_ELEMENTS)
    .nullish(),
  isDraft: z.boolean().nullish(),
  targetRefName: text,
});

const pageSchema = z.object({ value: z.array(z.unknown()).max(MAX_ELEMENTS) });

const numberSchema = z.object({ pullRequestId: id });

/**
 * Numbers are unique in the organization, so the number may be another repository's.
 * @param repositoryName as configured: its name or id
 * @throws UpstreamError `malformed`, `not_found`
 */
export function parsePullRequest(
  value: unknown,
  repositoryName: string,
  source: Source,
  toOurClock: ToOurClock,
): PullRequestHead {
  const pullRequest = parseShape(azurePullRequestSchema, value, source);
  const { id: repositoryId, name } = pullRequest.repository;
  const asked = repositoryName.toLowerCase();
  if (asked !== repositoryId && asked !== name?.toLowerCase()) {
    const message = `${source.host} has this pull request in another repository than ${repositoryName}`;
    throw notFound(source.host, message);
  }
  return toHead(pullRequest, toOurClock);
}

/** Returns malformed elements in `unread`. @throws UpstreamError `malformed` if the response is not a list */
export function parsePullRequestPage(
  value: unknown,
  source: Source,
  toOurClock: ToOurClock,
): Pick<PullRequestPage, 'pullRequests' | 'unread'> & { readonly count: number } {
  const { value: elements } = parseShape(pageSchema, value, source);
  const parsed = parseOpenPullRequests(elements, {
    list: 'value',
    schema: azureOpenPullRequestSchema,
    toOpenPullRequest: (raw) => toOpenPullRequest(raw, toOurClock),
    numberOf: (element) => numberSchema.safeParse(element).data?.pullRequestId,
  });
  return { ...parsed, count: elements.length };
}

function toOpenPullRequest(
  data: z.output<typeof azureOpenPullRequestSchema>,
  toOurClock: ToOurClock,
): OpenPullRequest {
  return {
    number: data.pullRequestId,
    title: data.title,
    // Argo CD, too, takes the part of the mail address before the @.
    author: data.createdBy?.uniqueName?.split('@')[0] ?? null,
    labels: (data.labels ?? []).map(({ name }) => name),
    isDraft: data.isDraft ?? false,
    targetBranch: branchOf(data.targetRefName) ?? data.targetRefName,
    head: toHead(data, toOurClock),
  };
}

function toHead(
  pullRequest: z.output<typeof azurePullRequestSchema>,
  toOurClock: ToOurClock,
): PullRequestHead {
  const { creationDate, sourceRefName, lastMergeSourceCommit, repository: target, forkSource } = pullRequest;
  return {
    kind: 'known',
    openedAfter: creationDate == null ? null : toOurClock(creationDate),
    headRepositoryId: forkSource == null ? target.id : (forkSource.repository?.id ?? null),
    headBranch: branchOf(sourceRefName ?? '') ?? null,
    headCommit: lastMergeSourceCommit?.commitId ?? null,
    origin: forkSource == null ? 'own' : 'foreign',
  };
}
