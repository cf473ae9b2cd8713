/** Parses the runs of Gitea Actions (`services/convert/convert.go`, ToActionWorkflowRun). Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { commit, id, instant, padNumber, text, webUrl } from '../fields.ts';
import { numberAttempt } from '../number-attempt.ts';
import { foldEvent } from './events.ts';
import { parseRef, sinceEpoch } from './run.ts';

/** A test compares this with the OpenAPI description of Gitea 1.26.0, and with recorded answers. */
export const giteaRunSchema = z.object({
  id,
  run_number: id,
  // Always 0 before 1.27.
  run_attempt: z.int().nonnegative().default(0),
  // The workflow's file name and the full ref: `build.yml@refs/heads/main`.
  path: text,
  head_sha: commit,
  event: text,
  // Empty for states that the converter does not know.
  status: text,
  conclusion: text.nullish(),
  html_url: z.unknown().optional(),
  // 1970 if not set.
  started_at: instant,
  completed_at: instant,
  repository: z.object({ id }),
});

/** The parts of an element that does not match the schema. */
const remainsSchema = z
  .object({
    id: id.nullable().catch(null),
    path: text.nullable().catch(null),
    head_sha: commit.nullable().catch(null),
  })
  .catch({ id: null, path: null, head_sha: null });

/**
 * How far the clock of the answer (a proxy's, perhaps) may be ahead of the one that dates runs. A re-run that
 * waits must be older than its own beginning, or its end would look outdated.
 */
const CLOCK_MARGIN = 600_000;

/** @param asOf when Gitea answered, milliseconds since the epoch: only that dates a run that waits */
export function toGiteaRun(run: z.output<typeof giteaRunSchema>, asOf: number): Run {
  const isCompleted = run.status === 'completed';
  const { workflow, ref } = splitPath(run.path);
  const { branch, pullRequest, refKind } = parseRef(ref);
  const started = sinceEpoch(run.started_at);
  const stopped = sinceEpoch(run.completed_at);
  const startedAt = started || (isCompleted ? stopped : asOf - CLOCK_MARGIN);
  return {
    id: run.id,
    number: run.run_number,
    attempt: run.run_attempt || numberAttempt(startedAt),
    workflow,
    workflowId: workflow,
    branch,
    pullRequest,
    refKind,
    commit: run.head_sha,
    // There are no merge commits: a pull request's run checks out its head.
    builtCommit: run.head_sha,
    event: foldEvent(run.event),
    // `waiting` runs have built nothing: they wait for approval, or behind a concurrency group.
    state: isCompleted ? stateOf(run.conclusion) : 'running',
    outcome: (isCompleted ? run.conclusion : run.status) || 'unknown',
    headRepositoryId: refKind === 'pull_request' ? null : run.repository.id,
    origin: originOf(refKind),
    mayPush: true,
    url: webUrl(run.html_url),
    position: Number(run.id),
    tie: padNumber(run.id),
    createdAt: null,
    startedAt,
    updatedAt: isCompleted ? Math.max(started, stopped) : startedAt,
    committedAt: null,
  };
}

export function salvageGiteaRun(element: unknown): Omit<UnreadRun, 'problem'> {
  const { id: runId, path, head_sha: head } = remainsSchema.parse(element);
  return {
    id: runId,
    branch: path === null ? null : (parseRef(splitPath(path).ref).branch ?? ''),
    commit: head,
    position: runId === null ? null : Number(runId),
    tie: runId === null ? null : padNumber(runId),
    createdAt: null,
  };
}

/** Names of files and refs may contain `@`, but only a ref begins with `refs/`. */
function splitPath(path: string): { workflow: string; ref: string } {
  const at = path.indexOf('@refs/');
  return at < 0 ? { workflow: path, ref: '' } : { workflow: path.slice(0, at), ref: path.slice(at + 1) };
}

function stateOf(conclusion: string | null | undefined): Run['state'] {
  return conclusion === 'success' || conclusion === 'skipped' ? conclusion : 'unsuccessful';
}

/** A run does not say whose pull request it is, and one pushed to `refs/for/` looks like our own. */
function originOf(refKind: Run['refKind']): Run['origin'] {
  return refKind === 'branch' || refKind === 'tag' ? 'own' : 'unknown';
}
