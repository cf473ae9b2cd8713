/** Runs by the first digits of their commit, to find whose image a short tag names. Holds exactly what the branches' records hold. */
import type { Run } from '../resolve/types.ts';

/** Shorter prefixes are never looked up: https://git-scm.com/docs/git-config#Documentation/git-config.txt-coreabbrev */
const DIGITS = 7;

export class CommitIndex {
  /** By the first digits as a number, which takes less memory than text. */
  readonly #byDigits = new Map<number, Run[]>();

  add(run: Run): void {
    for (const key of keysOf(run)) {
      const runs = this.#byDigits.get(key);
      if (runs === undefined) this.#byDigits.set(key, [run]);
      else runs.push(run);
    }
  }

  remove(run: Run): void {
    for (const key of keysOf(run)) {
      const left = (this.#byDigits.get(key) ?? []).filter((other) => other !== run);
      if (left.length === 0) this.#byDigits.delete(key);
      else this.#byDigits.set(key, left);
    }
  }

  /** @param prefix at least 7 lower-case hex digits */
  find(prefix: string): readonly Run[] {
    const runs = this.#byDigits.get(keyOf(prefix)) ?? [];
    return runs.filter(
      ({ commit, builtCommit }) => commit.startsWith(prefix) || builtCommit?.startsWith(prefix) === true,
    );
  }
}

/** By the head and by the commit that CI checked out, since a tag may name either. */
function keysOf({ commit, builtCommit }: Run): readonly number[] {
  const key = keyOf(commit);
  if (builtCommit === null || builtCommit === commit) return [key];
  const built = keyOf(builtCommit);
  return built === key ? [key] : [key, built];
}

function keyOf(commit: string): number {
  return Number.parseInt(commit.slice(0, DIGITS), 16);
}
