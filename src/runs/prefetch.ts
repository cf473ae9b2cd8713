/**
 * Prefetches images before their branches are requested. Argo CD's matrix generator requests one pull request
 * after the other: if each waited for its own round trip, a thousand branches would take minutes.
 */
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import type { Clock } from '../clock.ts';

/** How long a branch counts as requested, in milliseconds: longer than the usual requeueAfterSeconds. */
const RECENT = 600_000;
const MAX_BRANCHES = 20_000;
/** Branches prefetched speculatively per requested one, so that waste stays in proportion. */
const GUESSES_PER_REQUEST = 2;

export interface ImagePrefetcherOptions {
  readonly now: Clock;
  /** Known branches, most likely first. */
  readonly candidates: () => readonly string[];
  /** Fetches the images of a branch's newest build. Never throws. */
  readonly prefetch: (branch: string) => void;
}

/** Serves one project. */
export class ImagePrefetcher {
  readonly #options: ImagePrefetcherOptions;
  readonly #requestedAt = createBoundedCache<number>(MAX_BRANCHES);
  /** Branches ever requested or guessed, so that each is guessed once. */
  readonly #seen = createBoundedCache<true>(MAX_BRANCHES);
  #queue: string[] | undefined;

  constructor(options: ImagePrefetcherOptions) {
    this.#options = options;
  }

  onRequested(branch: string): void {
    const isNew = !this.#requestedAt.has(branch);
    this.#requestedAt.set(branch, this.#options.now());
    this.#seen.set(branch, true);
    if (isNew) this.#guess();
  }

  /** Called when CI has shown something new on these branches. */
  onChanged(branches: ReadonlySet<string>): void {
    const { now, prefetch } = this.#options;
    this.#queue = undefined;
    const at = now();
    for (const branch of branches) {
      if (at - (this.#requestedAt.get(branch) ?? -Infinity) < RECENT) prefetch(branch);
    }
  }

  /** Prefetches the branches that come next if the caller iterates over all of them. */
  #guess(): void {
    const { candidates, prefetch } = this.#options;
    this.#queue ??= candidates().toReversed();
    for (let guesses = 0; guesses < GUESSES_PER_REQUEST;) {
      const branch = this.#queue.pop();
      if (branch === undefined) return;
      if (this.#seen.has(branch)) continue;
      this.#seen.set(branch, true);
      prefetch(branch);
      guesses += 1;
    }
  }
}
