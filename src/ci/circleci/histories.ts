/** Fetches the workflows of runs that have ended, and keeps what they say. */
import { UpstreamError } from '../../errors.ts';
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import { SingleFlight } from '../../resilience/single-flight.ts';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { malformedError } from '../../upstream/failures.ts';
import type { CiClient } from '../client.ts';
import type { Source } from '../elements.ts';
import { addHistory, createHistory, parseWorkflowPage, type RunHistory, type Workflow } from './history.ts';

const MAX_RUNS = 20_000;
/** Exceeds every real run. */
const MAX_PAGES = 10;

interface Kept {
  /** Of the run. After a re-run with another one, the workflows are fetched again. */
  readonly outcome: string;
  readonly history: RunHistory;
}

export interface Histories {
  /**
   * Makes a call for each run that has ended since.
   * @returns the runs, with those apart whose workflows cannot be read
   * @throws UpstreamError
   */
  addTo(
    runs: readonly Run[],
  ): Promise<{ readonly runs: readonly Run[]; readonly unread: readonly UnreadRun[] }>;
  /** @throws UpstreamError */
  addToOne(run: Run): Promise<Run>;
}

export function createHistories(client: CiClient, source: Source): Histories {
  const kept = createBoundedCache<Kept>(MAX_RUNS);
  const flights = new SingleFlight();

  async function addToOne(run: Run): Promise<Run> {
    const before = kept.get(run.id);
    if (run.state === 'skipped') return run;
    if (run.state === 'running') {
      // A re-run may be under way; when it has ended, there are more workflows.
      if (before !== undefined) kept.set(run.id, { ...before, outcome: run.outcome });
      return { ...run, attempt: before?.history.attempt ?? run.attempt };
    }
    if (before?.outcome === run.outcome) return addHistory(run, before.history);
    const history = await flights.do(run.id, () => fetchHistory(run, client, source));
    // The workflows of a run that has succeeded exist, even if they are not listed yet.
    const isMissing = run.state === 'success' && history.startedAt === undefined;
    if (!isMissing) kept.set(run.id, { outcome: run.outcome, history });
    return addHistory(run, history);
  }

  return {
    addToOne,
    async addTo(runs) {
      const all = await Promise.all(
        runs.map((run) => addToOne(run).catch((error: unknown) => toUnread(run, error))),
      );
      return {
        runs: all.flatMap((one) => ('problem' in one ? [] : [one])),
        unread: all.flatMap((one) => ('problem' in one ? [one] : [])),
      };
    },
  };
}

/** @throws UpstreamError */
async function fetchHistory({ id }: Run, client: CiClient, source: Source): Promise<RunHistory> {
  const workflows: Workflow[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { data } = await client.get({
      path: '/api/v3/workflows',
      query: { 'filter[run_id]': id, 'page[cursor]': cursor },
      what: 'the workflows of a run',
      permission: 'a user with read access',
    });
    const parsed = parseWorkflowPage(data, source);
    workflows.push(...parsed.workflows);
    cursor = parsed.next;
    if (cursor === undefined) return createHistory(workflows);
  }
  throw malformedError(client.host, 'far too many workflows of a run');
}

/** One odd run must not make the project unreadable. @throws UpstreamError for a failure of another kind */
function toUnread({ id, branch, commit, position, tie, createdAt }: Run, error: unknown): UnreadRun {
  const isOdd =
    error instanceof UpstreamError &&
    (error.failure.kind === 'malformed' || error.failure.kind === 'not_found');
  if (!isOdd) throw error;
  return { id, branch, commit, position, tie, createdAt, problem: 'workflows' };
}
