/** Runs by the first digits of their commit, to find whose image a short tag names. Holds exactly what the branches' records hold. */
import { imageCommit } from '../resolve/select-builds.ts';
import type { Run } from '../resolve/types.ts';

/** Shorter prefixes are never looked up: https://git-scm.com/docs/git-config#Documentation/git-config.txt-coreabbrev */
const DIGITS = 7;

export interface CommitIndex {
  add(run: Run): void;
  remove(run: Run): void;
  /** @param prefix at least 7 lower-case hex digits */
  find(prefix: string): readonly Run[];
}

export function createCommitIndex(): CommitIndex {
  /** By the first digits as a number, which takes less memory than text. */
  const byDigits = new Map<number, Run[]>();
  return {
    add(run) {
      const key = keyOf(imageCommit(run));
      const runs = byDigits.get(key);
      if (runs === undefined) byDigits.set(key, [run]);
      else runs.push(run);
    },
    remove(run) {
      const key = keyOf(imageCommit(run));
      const left = (byDigits.get(key) ?? []).filter((other) => other !== run);
      if (left.length === 0) byDigits.delete(key);
      else byDigits.set(key, left);
    },
    find: (prefix) =>
      (byDigits.get(keyOf(prefix)) ?? []).filter((run) => imageCommit(run).startsWith(prefix)),
  };
}

function keyOf(commit: string): number {
  return Number.parseInt(commit.slice(0, DIGITS), 16);
}
