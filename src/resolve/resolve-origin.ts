/** Resolves whose code a request is about, by its runs or the pull request's record. */
import type { Coverage } from './coverage.ts';
import type { BranchRuns, Failed, RunSource } from './ports.ts';
import { selectOrigin, selectOriginOfPullRequest, type ResolvedOrigin } from './select-origin.ts';
import type { BranchRequest } from './types.ts';

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
  const { fallback, isProven } = origin;
  if (head.kind === 'known') {
    const recorded = selectOriginOfPullRequest(head, request);
    return isProven && recorded.kind !== 'own' ? fallback : recorded;
  }
  // Nothing suggests a fork, so a token that may not read pull requests, or a blip, must not cost our own
  // branch its environment.
  if (fallback.kind === 'own' && known.runs.every((run) => run.origin === 'own')) return fallback;
  const isForbidden = head.failure.kind === 'denied' || head.failure.kind === 'not_found';
  return isForbidden ? trustRuns(fallback, known.coverage) : head;
}

/** Only complete coverage proves that a pull request is a fork's: one of our own runs may be older. */
function trustRuns(origin: ResolvedOrigin, coverage: Coverage): ResolvedOrigin | Undecided {
  return origin.kind === 'own' || coverage.kind === 'complete' ? origin : { kind: 'undecided' };
}
