/** The known builds of the jobs below one multibranch pipeline, and the list that they make. Pure. */
import { compareRuns } from '../../resolve/run-order.ts';
import type { RunPage } from '../provider.ts';
import { createUnreadBuild, type ListedJob, type ReadBuild } from './schema.ts';

/** Builds of one job from its newest down, without a gap. */
export interface JobBuilds {
  readonly name: string;
  /** `lastBuild` of the snapshot after which they were read. */
  readonly seen: ListedJob['lastBuild'];
  /** Newest first. */
  readonly builds: readonly ReadBuild[];
  /** The job has no older builds. */
  readonly whole: boolean;
}

/** A place in the list of all jobs' builds. */
export type Place = Pick<ReadBuild, 'position' | 'tie'>;

/** Longer pages cost replicas more than they save. */
const MAX_PAGE_LENGTH = 500;

/**
 * @returns whether the job must be read again. The snapshot shows the state of its last build only, so a job
 *   with another one that is going is always read.
 */
export function isStale(known: JobBuilds | undefined, { lastBuild }: ListedJob): boolean {
  if (known === undefined) return true;
  const { seen, builds } = known;
  const isSame =
    seen.number === lastBuild.number &&
    seen.timestamp === lastBuild.timestamp &&
    seen.building === lastBuild.building &&
    seen.result === lastBuild.result;
  // A build that has not begun has no commit yet.
  return (
    !isSame ||
    builds.some(({ number, isGoing, run }) => isGoing && (number !== seen.number || run === undefined))
  );
}

/**
 * Adds the older builds that were known before, as far as they continue the newest ones.
 * @param newest builds that were read now
 */
export function continueBuilds(newest: JobBuilds, before: JobBuilds | undefined): JobBuilds {
  const last = newest.builds.at(-1);
  if (newest.whole || before === undefined || last === undefined || isUnproven(before)) return newest;
  // A branch that was deleted and pushed again has a new job, whose numbers begin at 1.
  const isContinued = before.builds.some(
    ({ number, position }) => number === last.number && position === last.position,
  );
  if (!isContinued) return newest;
  const older = before.builds.filter(({ number }) => number < last.number);
  // No refresh shows how an old build ends.
  const going = older.findIndex(({ isGoing }) => isGoing);
  return going === -1
    ? { ...newest, builds: [...newest.builds, ...older], whole: before.whole }
    : { ...newest, builds: [...newest.builds, ...older.slice(0, going)], whole: false };
}

/**
 * A job whose builds cannot be read. Its last build may be anything, so that one is unread, and it puts only its
 * own branch in doubt.
 * @param before what was known about the job
 */
export function doubtBuilds({ name, lastBuild }: ListedJob, before: JobBuilds | undefined): JobBuilds {
  const last = createUnreadBuild(name, lastBuild);
  const older = (before?.builds ?? []).filter(({ number }) => number < last.number);
  const doubtful = { name, seen: lastBuild, builds: [last, ...older], whole: before?.whole ?? true };
  return withoutProof(doubtful);
}

/** @returns the same builds, which may have gaps: the next refresh reads the job anew */
export function withoutProof(job: JobBuilds): JobBuilds {
  return { ...job, seen: { ...job.seen, number: 0 } };
}

/** @returns the newest builds only: a busy branch's list would otherwise grow for as long as Greenpin runs */
export function dropOlderBuilds(job: JobBuilds, depth: number): JobBuilds {
  return job.builds.length <= depth ? job : { ...job, builds: job.builds.slice(0, depth), whole: false };
}

function isUnproven({ seen }: JobBuilds): boolean {
  return seen.number === 0;
}

/**
 * Jobs that are not read to their end, the one first whose oldest known build is the newest: below that
 * build, the list has gaps.
 */
export function unfinishedJobs(jobs: Iterable<JobBuilds>): JobBuilds[] {
  return [...jobs]
    .filter(({ whole, builds }) => !whole && builds.length > 0)
    .toSorted((a, b) => compareRuns(endOf(b), endOf(a)));
}

function endOf({ builds }: JobBuilds): Place {
  return builds.at(-1) ?? { position: Number.MAX_SAFE_INTEGER, tie: '' };
}

/**
 * Selects a page of the list that all jobs' builds make, newest first.
 * @param before only older builds; undefined: from the newest
 */
export function selectPage(
  jobs: Iterable<JobBuilds>,
  before: Place | undefined,
): Pick<RunPage, 'runs' | 'unread' | 'next'> {
  const { builds, end } = selectWithoutGaps(jobs);
  const within = builds.filter((build) => before === undefined || compareRuns(build, before) < 0);
  const shown = within.slice(0, MAX_PAGE_LENGTH);
  const last = shown.length < within.length ? shown.at(-1) : end;
  return { ...toPage(shown), next: last && formatPlace(last) };
}

/**
 * @returns the builds of all these jobs, newest first, down to `end`: an unfinished job may have older builds
 *   between those of the others below it
 */
export function selectWithoutGaps(jobs: Iterable<JobBuilds>): {
  readonly builds: readonly ReadBuild[];
  readonly end: Place | undefined;
} {
  const all = [...jobs];
  const [first] = unfinishedJobs(all);
  const end = first && endOf(first);
  const builds = all
    .flatMap((job) => job.builds)
    .filter((build) => end === undefined || compareRuns(build, end) >= 0)
    .toSorted((a, b) => compareRuns(b, a));
  return { builds, end };
}

export function toPage(builds: readonly ReadBuild[]): Pick<RunPage, 'runs' | 'unread'> {
  return {
    runs: builds.flatMap(({ run }) => run ?? []),
    unread: builds.flatMap(({ unread }) => unread ?? []),
  };
}

function formatPlace({ position, tie }: Place): string {
  return `${position} ${tie}`;
}

/** @throws RangeError for another provider's cursor */
export function parsePlace(cursor: string): Place {
  const [, position, tie] = /^(\d{1,16}) ([^#]+#\d{20})$/s.exec(cursor) ?? [];
  if (position === undefined || tie === undefined) {
    throw new RangeError('expected a cursor that this provider returned');
  }
  return { position: Number(position), tie };
}
