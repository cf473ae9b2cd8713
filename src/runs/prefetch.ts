/**
 * Has images asked for before their branches are (design §5). Argo CD's matrix asks for one pull request after the other: if each
 * waited for its own round trip, a thousand branches would take minutes.
 */
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import type { Clock } from '../clock.ts';

/** Milliseconds for which a branch counts as asked for. Longer than requeueAfterSeconds usually is. */
const RECENT = 600_000;
const MAX_BRANCHES = 20_000;
/** For each branch that was asked for, so many that were not are tried: what is wasted stays in proportion to what is wanted. */
const GUESSES_PER_QUESTION = 2;

export interface Warmer {
  /** A branch was asked for. */
  asked(branch: string): void;
  /** A listing has shown something new of these branches. */
  changed(branches: ReadonlySet<string>): void;
}

export interface WarmerOptions {
  readonly now: Clock;
  /** Branches that CI knows, the most probable first. */
  readonly candidates: () => readonly string[];
  /** Asks for the images of a branch's newest build. Never throws. */
  readonly warm: (branch: string) => void;
}

/** One project's. */
export function createWarmer({ now, candidates, warm }: WarmerOptions): Warmer {
  const askedAt = createBoundedCache<number>(MAX_BRANCHES);
  /** Asked for or guessed, ever: each is guessed once. */
  const seen = createBoundedCache<true>(MAX_BRANCHES);
  let queue: string[] | undefined;

  /** Those that come next, if the one who asks goes through the list. */
  function guess(): void {
    queue ??= candidates().toReversed();
    for (let guesses = 0; guesses < GUESSES_PER_QUESTION;) {
      const branch = queue.pop();
      if (branch === undefined) return;
      if (seen.has(branch)) continue;
      seen.set(branch, true);
      warm(branch);
      guesses += 1;
    }
  }

  return {
    asked(branch) {
      const isNew = !askedAt.has(branch);
      askedAt.set(branch, now());
      seen.set(branch, true);
      if (isNew) guess();
    },
    changed(branches) {
      queue = undefined;
      const at = now();
      for (const branch of branches) if (at - (askedAt.get(branch) ?? -Infinity) < RECENT) warm(branch);
    },
  };
}
