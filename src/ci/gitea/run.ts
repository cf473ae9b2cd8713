/** What the runs of Gitea and Forgejo have in common. Pure. */
import type { Run } from '../../resolve/types.ts';

/** The ref that a run is about. */
export type RunRef = Pick<Run, 'branch' | 'pullRequest' | 'refKind'>;

export const NO_REF: RunRef = { branch: null, pullRequest: null, refKind: 'unknown' };

/** @param ref `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/head` */
export function parseRef(ref: string): RunRef {
  const [, kind, name] = /^refs\/(heads|tags|pull)\/(.+)$/s.exec(ref) ?? [];
  if (kind === undefined || name === undefined) return NO_REF;
  if (kind !== 'pull')
    return { branch: name, pullRequest: null, refKind: kind === 'tags' ? 'tag' : 'branch' };
  const number = /^([1-9]\d*)\/(?:head|merge)$/.exec(name)?.[1];
  return { branch: null, pullRequest: number ?? null, refKind: 'pull_request' };
}

/** @returns milliseconds since the epoch; 0 for a time that is not set: 1970 (Gitea) or the year 1 (Forgejo) */
export function sinceEpoch(time: number): number {
  return Math.max(0, time);
}
