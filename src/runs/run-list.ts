/** The list that a run is filed under: its branch's, or its pull request's if it names no branch. Pure. */
import type { Run } from '../resolve/types.ts';
import type { RunSubject } from '../resolve/ports.ts';
import type { CiProvider, Cursor, RunPage } from '../ci/provider.ts';

export interface RunList {
  readonly kind: 'branch' | 'pull request';
  /** The branch, or the pull request's number. */
  readonly name: string;
}

/** Runs that name neither. CI offers no query for them, and no request names them. */
const UNNAMED = 'unnamed';

export function keyOf({ kind, name }: RunList): string {
  return `${kind} ${name}`;
}

export function keyOfRun({ branch, pullRequest }: Run): string {
  if (branch !== null) return keyOf({ kind: 'branch', name: branch });
  return pullRequest === null ? UNNAMED : keyOf({ kind: 'pull request', name: pullRequest });
}

/** @returns undefined if the key is not a branch's */
export function branchOfKey(key: string): string | undefined {
  const prefix = keyOf({ kind: 'branch', name: '' });
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}

export function branchesOf(keys: ReadonlySet<string>): Set<string> {
  return new Set([...keys].flatMap((key) => branchOfKey(key) ?? []));
}

/** @returns the lists that a request is about, the branch's first */
export function listsOf({ branch, number }: RunSubject, provider: CiProvider): RunList[] {
  const own: RunList = { kind: 'branch', name: branch };
  const naming = provider.fetchPullRequestRuns === undefined ? undefined : number;
  return naming === undefined ? [own] : [own, { kind: 'pull request', name: naming }];
}

export async function fetchList(
  provider: CiProvider,
  ciRepository: string,
  { kind, name }: RunList,
  cursor?: Cursor,
): Promise<RunPage> {
  if (kind === 'branch') return provider.fetchBranchRuns(ciRepository, name, cursor);
  if (provider.fetchPullRequestRuns === undefined) throw new RangeError('this provider lists runs by branch');
  return provider.fetchPullRequestRuns(ciRepository, name, cursor);
}
