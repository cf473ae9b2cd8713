/**
 * Prefetches images before their branches are requested. Argo CD's matrix generator requests one pull request after the other: if each
 * waited for its own round trip, a thousand branches would take minutes.
 */
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import type { Clock } from '../clock.ts';

/** Milliseconds for which a branch counts as requested. Longer than requeueAfterSeconds usually is. */
const RECENT = 600_000;
const MAX_BRANCHES = 20_000;
/** Branches that are prefetched on a guess for each requested one: the waste stays in proportion. */
const GUESSES_PER_REQUEST = 2;

export interface ImagePrefetcher {
  onRequested(branch: string): void;
  /** CI has shown something new of these branches. */
  onChanged(branches: ReadonlySet<string>): void;
}

export interface ImagePrefetcherOptions {
  readonly now: Clock;
  /** Known branches, the most probable first. */
  readonly candidates: () => readonly string[];
  /** Fetches the images of a branch's newest build. Never throws. */
  readonly prefetch: (branch: string) => void;
}

/** Serves one project. */
export function createImagePrefetcher({
  now,
  candidates,
  prefetch,
}: ImagePrefetcherOptions): ImagePrefetcher {
  const requestedAt = createBoundedCache<number>(MAX_BRANCHES);
  /** Ever requested or guessed: each branch is guessed once. */
  const seen = createBoundedCache<true>(MAX_BRANCHES);
  let queue: string[] | undefined;

  /** Prefetches the branches that come next, if the caller goes through the list. */
  function guess(): void {
    queue ??= candidates().toReversed();
    for (let guesses = 0; guesses < GUESSES_PER_REQUEST;) {
      const branch = queue.pop();
      if (branch === undefined) return;
      if (seen.has(branch)) continue;
      seen.set(branch, true);
      prefetch(branch);
      guesses += 1;
    }
  }

  return {
    onRequested(branch) {
      const isNew = !requestedAt.has(branch);
      requestedAt.set(branch, now());
      seen.set(branch, true);
      if (isNew) guess();
    },
    onChanged(branches) {
      queue = undefined;
      const at = now();
      for (const branch of branches)
        if (at - (requestedAt.get(branch) ?? -Infinity) < RECENT) prefetch(branch);
    },
  };
}
