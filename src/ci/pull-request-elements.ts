/** Parses lists of open pull requests, lenient about single ones. Pure. */
import type { z } from 'zod';
import { describeProblem } from './elements.ts';
import type { OpenPullRequest, PullRequestPage } from './git-host.ts';

export interface PullRequestElements<Raw> {
  /** Path of the list in the response, for messages; empty if it is the response. */
  readonly list: string;
  readonly schema: z.ZodType<Raw>;
  readonly toOpenPullRequest: (raw: Raw) => OpenPullRequest;
  /** Reads what it can of an element that does not match the schema. */
  readonly numberOf: (element: unknown) => string | undefined;
}

/** Nothing is known about an odd pull request, so it is reported in `unread`. */
export function parseOpenPullRequests<Raw>(
  elements: readonly unknown[],
  { list, schema, toOpenPullRequest, numberOf }: PullRequestElements<Raw>,
): Pick<PullRequestPage, 'pullRequests' | 'unread'> {
  const pullRequests: OpenPullRequest[] = [];
  const unread: PullRequestPage['unread'][number][] = [];
  for (const element of elements) {
    const { data, error } = schema.safeParse(element);
    if (error === undefined) pullRequests.push(toOpenPullRequest(data));
    else unread.push({ number: numberOf(element) ?? null, problem: describeProblem(error, list) });
  }
  return { pullRequests, unread };
}
