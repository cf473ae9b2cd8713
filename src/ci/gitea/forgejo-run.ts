/** Parses the runs of Forgejo Actions (`services/convert/action.go`, ToActionRun). Pure. */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { commit, id, instant, padNumber, text, webUrl } from '../fields.ts';
import { numberAttempt } from '../number-attempt.ts';
import { foldEvent } from './events.ts';
import { NO_REF, parseRef, sinceEpoch, type RunRef } from './run.ts';

/** A contract test compares this with the types of Forgejo's OpenAPI description. */
export const forgejoRunSchema = z.object({
  id,
  index_in_repo: id,
  workflow_id: text,
  // The short name of a branch or tag, or `#7` for a pull request.
  prettyref: text,
  commit_sha: commit,
  is_fork_pull_request: z.boolean(),
  trigger_event: text,
  // The webhook's JSON.
  event_payload: z.string().optional(),
  status: text,
  html_url: z.unknown().optional(),
  created: instant,
  updated: instant,
  started: instant,
  stopped: instant,
  repository: z.object({ id }),
});

type RawRun = z.output<typeof forgejoRunSchema>;

/** Of a push or `workflow_dispatch`: the full ref. Of `create`: the short name, and what it names. */
const payloadSchema = z.object({
  ref: text.optional().catch(undefined),
  ref_type: text.optional().catch(undefined),
  pull_request: z
    .object({ head: z.object({ repo: z.object({ id }).nullish().catch(null) }) })
    .optional()
    .catch(undefined),
});

const remainsSchema = z
  .object({ id: id.nullable().catch(null), commit_sha: commit.nullable().catch(null) })
  .catch({ id: null, commit_sha: null });

export function toForgejoRun(run: RawRun): Run {
  const state = stateOf(run.status);
  const payload = parsePayload(run.event_payload);
  const { branch, pullRequest, refKind } = refOf(run, payload);
  const [created, started, stopped, updated] = [run.created, run.started, run.stopped, run.updated].map(
    sinceEpoch,
  ) as [number, number, number, number];
  const isOfPullRequest = refKind === 'pull_request';
  const isForeign = isOfPullRequest && run.is_fork_pull_request;
  return {
    id: run.id,
    number: run.index_in_repo,
    attempt: numberAttempt(started || updated),
    workflow: run.workflow_id,
    workflowId: run.workflow_id,
    branch,
    pullRequest,
    refKind,
    commit: run.commit_sha,
    // There are no merge commits: a pull request's run checks out its head.
    builtCommit: run.commit_sha,
    event: foldEvent(run.trigger_event),
    state,
    outcome: run.status,
    headRepositoryId: isOfPullRequest ? (payload.pull_request?.head.repo?.id ?? null) : run.repository.id,
    origin: isForeign ? 'foreign' : refKind === 'branch' || refKind === 'tag' ? 'own' : 'unknown',
    // Pull requests of forks run without secrets.
    mayPush: !isForeign,
    url: webUrl(run.html_url),
    position: Number(run.id),
    tie: padNumber(run.id),
    createdAt: created,
    startedAt: started || updated,
    // Other changes to a finished run's record are of no interest.
    updatedAt: state === 'running' ? updated : stopped || updated,
    committedAt: null,
  };
}

export function salvageForgejoRun(element: unknown): Omit<UnreadRun, 'problem'> {
  const { id: runId, commit_sha: head } = remainsSchema.parse(element);
  return {
    id: runId,
    branch: null,
    commit: head,
    position: runId === null ? null : Number(runId),
    tie: runId === null ? null : padNumber(runId),
    createdAt: null,
  };
}

const RUNNING: ReadonlySet<string> = new Set(['unknown', 'waiting', 'running', 'blocked']);

/** `blocked` runs have not begun: they wait for approval, or behind a concurrency group. */
function stateOf(status: string): Run['state'] {
  if (RUNNING.has(status)) return 'running';
  return status === 'success' || status === 'skipped' ? status : 'unsuccessful';
}

/** A tag and a branch of one name have the same `prettyref`, and a branch may be named `#7`. */
function refOf(
  { trigger_event: event, prettyref }: RawRun,
  { ref, ref_type: type }: z.output<typeof payloadSchema>,
): RunRef {
  // It runs for the branch that the pull request goes to.
  if (event === 'pull_request_target') return { branch: prettyref, pullRequest: null, refKind: 'branch' };
  const number = /^#([1-9]\d*)$/.exec(prettyref)?.[1];
  if (foldEvent(event).startsWith('pull_request') && number !== undefined) {
    return { branch: null, pullRequest: number, refKind: 'pull_request' };
  }
  if (type === 'tag' || event === 'release') return { branch: prettyref, pullRequest: null, refKind: 'tag' };
  if (type === 'branch' && ref === prettyref) return { branch: ref, pullRequest: null, refKind: 'branch' };
  return ref === undefined ? NO_REF : parseRef(ref);
}

function parsePayload(payload: string | undefined): z.output<typeof payloadSchema> {
  try {
    return payloadSchema.safeParse(JSON.parse(payload ?? '')).data ?? {};
  } catch {
    return {};
  }
}
