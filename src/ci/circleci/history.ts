/** What the workflows of a run say about it: its end, its re-runs, and whether the newest ones are green. Pure. */
import { z } from 'zod';
import type { Run } from '../../resolve/types.ts';
import { parseShape, type Source } from '../elements.ts';
import { instant, MAX_ELEMENTS, text } from '../fields.ts';

const workflowSchema = z.object({
  attributes: z.object({
    name: text,
    phase: text,
    outcome: text.nullish(),
    current_outcome: text.nullish(),
    created_at: instant,
    ended_at: instant.nullish(),
  }),
});

const pageSchema = z.object({
  data: z.array(workflowSchema).max(MAX_ELEMENTS),
  page: z.object({ next: text.nullish() }).nullish(),
});

export type Workflow = z.output<typeof workflowSchema>['attributes'];

export interface RunHistory {
  /** Milliseconds since the epoch; undefined if no workflow has run. */
  readonly endedAt: number | undefined;
  /** When the newest workflow was created, milliseconds since the epoch. */
  readonly startedAt: number | undefined;
  /** A re-run adds a workflow of the same name to the run. */
  readonly attempt: number;
  /** The newest workflow of each name has succeeded. */
  readonly isGreen: boolean;
}

/** @throws UpstreamError `malformed` */
export function parseWorkflowPage(
  value: unknown,
  source: Source,
): { readonly workflows: readonly Workflow[]; readonly next: string | undefined } {
  const { data, page } = parseShape(pageSchema, value, source);
  return { workflows: data.map(({ attributes }) => attributes), next: page?.next ?? undefined };
}

export function createHistory(workflows: readonly Workflow[]): RunHistory {
  const byName = [...Map.groupBy(workflows, ({ name }) => name).values()];
  return {
    endedAt: latest(workflows.map((each) => each.ended_at ?? each.created_at)),
    startedAt: latest(workflows.map((each) => each.created_at)),
    attempt: 1 + workflows.length - byName.length,
    // A run cannot have succeeded without one.
    isGreen: byName.length > 0 && byName.every((ofName) => newestOf(ofName).every(hasSucceeded)),
  };
}

/** Of workflows that were created at the same time, none is known to be the newer one. */
function newestOf(workflows: readonly Workflow[]): readonly Workflow[] {
  const createdAt = latest(workflows.map((each) => each.created_at));
  return workflows.filter((each) => each.created_at === createdAt);
}

function hasSucceeded({ phase, outcome, current_outcome: current }: Workflow): boolean {
  return phase === 'ended' && (outcome ?? current) === 'succeeded';
}

function latest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.max(...times);
}

/** @param run has ended. Its own outcome may be behind that of a re-run, so the worse of both counts */
export function addHistory(run: Run, { endedAt, startedAt, attempt, isGreen }: RunHistory): Run {
  return {
    ...run,
    attempt,
    state: run.state === 'success' && !isGreen ? 'unsuccessful' : run.state,
    startedAt: attempt > 1 ? (startedAt ?? run.startedAt) : run.startedAt,
    updatedAt: endedAt ?? run.updatedAt,
  };
}
