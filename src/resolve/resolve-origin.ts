/** Resolves whose code a request is about, by its runs or the pull request's record. */
import type { Coverage } from './coverage.ts';
import type { BranchRuns, Failed, RunSource } from './ports.ts';
import { selectOrigin, selectOriginOfPullRequest, type ResolvedOrigin } from './select-origin.ts';
import type { BranchRequest, Run } from './types.ts';

/** Older runs could decide. */
type Undecided = { readonly kind: 'undecided' };

export async function resolveOrigin(
  known: Extract<BranchRuns, { kind: 'known' }>,
  request: BranchRequest,
  source: Pick<RunSource, 'readPullRequest'>,
): Promise<ResolvedOrigin | Undecided | Failed> {
  const origin = selectOrigin(known.runs, request);
  if (origin.kind !== 'needsLookup') return trustRuns(origin, known.coverage);
  const head = await source.readPullRequest(origin.number);
  if (head.kind === 'known') {
    const recorded = selectOriginOfPullRequest(head, request);
    // The same commit may be in both repositories.
    return recorded.kind !== 'own' && isHeadOurs(known.runs, request) ? { kind: 'own' } : recorded;
  }
  const { fallback } = origin;
  // Nothing suggests a fork, so a token that may not read pull requests, or a blip, must not cost our own
  // branch its environment.
  if (fallback.kind === 'own' && known.runs.every((run) => run.origin === 'own')) return fallback;
  const isForbidden = head.failure.kind === 'denied' || head.failure.kind === 'not_found';
  return isForbidden ? trustRuns(fallback, known.coverage) : head;
}

/** True if one of our own runs has built the head: the record can only add runs of the pull request. */
function isHeadOurs(runs: readonly Run[], { headSha }: BranchRequest): boolean {
  return headSha !== undefined && runs.some((run) => run.origin === 'own' && run.commit.startsWith(headSha));
}

/** Only complete coverage proves that a pull request is a fork's: one of our own runs may be older. */
function trustRuns(origin: ResolvedOrigin, coverage: Coverage): ResolvedOrigin | Undecided {
  return origin.kind === 'own' || coverage.kind === 'complete' ? origin : { kind: 'undecided' };
}
