/** Tests for `greenpin check` whether the statuses that projects require can be read, and exist. */
import type { CiConnection } from '../../ci/kind.ts';
import type { CommitStatus } from '../../ci/commit-statuses.ts';
import type { ComposedConnection } from '../../compose/ci.ts';
import type { UpstreamFailure } from '../../errors.ts';
import type { Project } from '../../resolve/types.ts';
import { matchesPattern } from '../../runs/evaluate-statuses.ts';
import { formatPath } from '../../text/document-path.ts';
import { suggestStatus } from '../suggestions.ts';
import { describeConnection, type Finding } from './findings.ts';

/** The newest commit alone may have no statuses yet. */
const MOST_COMMITS = 3;

/** Waits for one call, up to the deadline. */
type Ask = <Result>(call: Promise<Result>) => Promise<Result | UpstreamFailure>;

export interface StatusProbe {
  /** The connection whose statuses are read. */
  readonly connection: CiConnection;
  /** Lists the runs or pushes. */
  readonly ci: ComposedConnection;
  readonly git: ComposedConnection;
  readonly ask: Ask;
}

/** @param projects of one Git repository, whose builds come from one list */
export async function probeStatuses(
  projects: readonly Project[],
  { connection, ci, git, ask }: StatusProbe,
): Promise<Finding[]> {
  const [first] = projects;
  if (first === undefined || git.statuses === undefined) return [];
  const { builds, ciRepository, gitRepository } = first;
  const keys = projects.map(({ name }) => formatPath(['projects', name, 'repository']));
  const place = { target: gitRepository, keys };
  const byPushes = builds === 'statuses';
  const provider = byPushes ? ci.pushes : ci.provider;
  const listing = provider && (await ask(provider.fetchRuns(ciRepository)));
  if (listing === undefined || listing === 'unchanged') return [];
  // The list of runs is tested by itself.
  if ('kind' in listing) return byPushes ? [describeConnection(connection, place, listing)] : [];
  const pushes = byPushes
    ? [describeConnection(connection, place, `sees the pushes of ${gitRepository}`)]
    : [];
  const commits = [...new Set(listing.runs.map(({ commit }) => commit))].slice(0, MOST_COMMITS);
  const all: CommitStatus[] = [];
  for (const commit of commits) {
    const page = await ask(git.statuses.fetchStatuses(gitRepository, commit));
    if (page === 'unchanged') continue;
    if ('kind' in page) return [...pushes, describeDenied(connection, gitRepository, page)];
    all.push(...page.statuses);
  }
  if (commits.length === 0) return pushes;
  const missing = projects.flatMap((project) => describeMissing(connection, project, all, commits.length));
  return [...pushes, finding(connection, gitRepository, 'ok', 'may read statuses and checks'), ...missing];
}

function describeDenied(connection: CiConnection, target: string, failure: UpstreamFailure): Finding {
  const hint = 'until they can be read, no build passes the key statuses';
  return finding(connection, target, 'failed', failure.message, hint);
}

/** @param all statuses of the newest commits */
function describeMissing(
  connection: CiConnection,
  { name, gitRepository, statuses }: Project,
  all: readonly CommitStatus[],
  commits: number,
): Finding[] {
  const contexts = [...new Set(all.map(({ context }) => context))];
  return statuses
    .filter((pattern) => !contexts.some((context) => matchesPattern(context, pattern)))
    .map((pattern) => {
      const which = commits === 1 ? 'the newest commit' : `the newest ${commits} commits`;
      const key = formatPath(['projects', name, 'statuses']);
      const detail = `no status or check ${pattern} on ${which} (${key})`;
      const hint = `${suggestStatus(pattern, contexts)} No build is green without it`;
      return finding(connection, gitRepository, 'warning', detail, hint);
    });
}

function finding(
  { name }: CiConnection,
  target: string,
  level: Finding['level'],
  detail: string,
  hint?: string,
): Finding {
  return { subject: `ci ${name}`, target, level, detail, hint };
}
