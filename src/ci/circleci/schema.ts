/**
 * Parses CircleCI's JSON: https://circleci.com/docs/api/v3/, as the command line of CircleCI reads it
 * (CircleCI-Public/circleci-cli, `internal/apiclient/run.go`, `workflow.go`, `project.go`). Pure.
 */
import { z } from 'zod';
import type { UnreadRun } from '../../resolve/ports.ts';
import type { Run } from '../../resolve/types.ts';
import { malformedError } from '../../upstream/failures.ts';
import { parseRuns, parseShape, type Source } from '../elements.ts';
import { commit, id as integer, instant, MAX_ELEMENTS, text } from '../fields.ts';
import { parseRepositoryUrl } from '../repository-url.ts';
import { selectEvent } from './event.ts';

/** Not `z.uuid`, which also checks the version. */
const uuid = z.guid().toLowerCase();
const reference = z.object({ id: uuid });

/** Only `phase` is always there. Answers have `current_outcome`, even of runs that have ended. */
const stateFields = { phase: text, outcome: text.nullish(), current_outcome: text.nullish() };

/** A contract test compares this with the answers that CircleCI's command line is tested with. */
export const circleciRunSchema = z.object({
  id: uuid,
  attributes: z.object({ ...stateFields, number: integer.nullish(), created_at: instant }),
  references: z.object({
    project: reference,
    event: z.object({
      attributes: z.object({
        type: text.nullish(),
        vcs: z.object({
          branch: text.nullish(),
          tag: text.nullish(),
          revision: commit,
          origin_repository_url: text.nullish(),
        }),
      }),
    }),
    trigger: z
      .object({
        attributes: z.object({ event_source: z.object({ type: text.nullish() }).nullish() }).nullish(),
      })
      .nullish(),
  }),
});

type RawRun = z.output<typeof circleciRunSchema>;

/** A run of a webhook, a schedule or an API call that has nothing to do with a Git repository. */
const withoutGitSchema = z.object({
  id: uuid,
  attributes: z.object({ created_at: instant }),
  references: z.object({
    event: z.object({ attributes: z.object({ vcs: z.null().optional() }).nullish() }).nullish(),
  }),
});

const partialVcs = z
  .object({ branch: text.nullable().catch(null) })
  .nullish()
  .catch(null);

/** The parts of an element that does not match the schema. */
const remainsSchema = z
  .object({
    id: uuid.nullable().catch(null),
    attributes: z
      .object({ created_at: instant.nullable().catch(null) })
      .nullish()
      .catch(null),
    references: z
      .object({ event: z.object({ attributes: z.object({ vcs: partialVcs }).nullish() }).nullish() })
      .nullish()
      .catch(null),
  })
  .catch({ id: null, attributes: null, references: null });

/** The longest cursor that other replicas accept, with room for the end of the period before it. */
const cursor = z.string().min(1).max(3900);

const pageSchema = z.object({
  data: z.array(z.unknown()).max(MAX_ELEMENTS),
  page: z.object({ next: cursor.nullish() }),
});

const runSchema = z.object({ data: circleciRunSchema });

const projectsSchema = z.object({ data: z.array(reference).max(MAX_ELEMENTS) });

const pipelinesSchema = z.object({
  data: z
    .array(
      z.object({
        attributes: z.object({
          checkout: z.object({ vcs: z.object({ repo_full_name: text.nullish() }).nullish() }).nullish(),
        }),
      }),
    )
    .max(MAX_ELEMENTS),
});

/** A project, and the repositories that its own runs check out. */
export interface CircleciProject {
  readonly id: string;
  /** As the configuration spells it. */
  readonly slug: string;
  /** Paths below their hosts, in lower case: `acme/shop`. */
  readonly paths: ReadonlySet<string>;
}

export interface RunContext {
  readonly projects: readonly CircleciProject[];
  /** Where people read runs: `https://app.circleci.com`. */
  readonly appUrl: string;
  readonly source: Source;
}

/** @throws UpstreamError `malformed` */
export function parseRun(value: unknown, context: RunContext): Run {
  return toRun(parseShape(runSchema, value, context.source).data, context);
}

/** @throws UpstreamError `malformed` if the response is not a list of runs */
export function parseRunPage(
  value: unknown,
  context: RunContext,
): {
  readonly runs: readonly Run[];
  readonly unread: readonly UnreadRun[];
  readonly next: string | undefined;
} {
  const { data, page } = parseShape(pageSchema, value, context.source);
  const [withoutGit, others] = partition(data);
  const { runs, unread } = parseRuns(
    others,
    { list: 'data', schema: circleciRunSchema, toRun: (run) => toRun(run, context), salvage },
    context.source,
  );
  return { runs, unread: [...unread, ...withoutGit], next: page.next ?? undefined };
}

/** @returns undefined if there is no such project @throws UpstreamError `malformed` */
export function parseProjectId(value: unknown, source: Source): string | undefined {
  return parseShape(projectsSchema, value, source).data[0]?.id;
}

/** @returns the repositories that the project's pipelines check out @throws UpstreamError `malformed` */
export function parseCheckouts(value: unknown, source: Source): string[] {
  const { data } = parseShape(pipelinesSchema, value, source);
  return data.flatMap(({ attributes }) => attributes.checkout?.vcs?.repo_full_name?.toLowerCase() ?? []);
}

/** They may be most of a project's runs, so they are no sign of another format. */
function partition(elements: readonly unknown[]): [withoutGit: UnreadRun[], others: unknown[]] {
  const withoutGit: UnreadRun[] = [];
  const others: unknown[] = [];
  for (const element of elements) {
    const { data } = withoutGitSchema.safeParse(element);
    if (data === undefined) others.push(element);
    else withoutGit.push({ ...placeOf(data.id, data.attributes.created_at, ''), problem: 'a Git revision' });
  }
  return [withoutGit, others];
}

function placeOf(id: string | null, position: number | null, branch: string | null) {
  return { id, branch, commit: null, position, tie: '', createdAt: position };
}

function salvage(element: unknown): Omit<UnreadRun, 'problem'> {
  const { id, attributes, references } = remainsSchema.parse(element);
  return placeOf(id, attributes?.created_at ?? null, references?.event?.attributes?.vcs?.branch ?? null);
}

/**
 * The times of a run that has ended are those of its creation: only its workflows have an end.
 * @throws UpstreamError `malformed` if the run belongs to none of the projects
 */
function toRun({ id, attributes, references }: RawRun, { projects, appUrl, source }: RunContext): Run {
  const { phase, created_at: createdAt } = attributes;
  const { type, vcs } = references.event.attributes;
  const project = projects.find((each) => each.id === references.project.id);
  if (project === undefined) throw malformedError(source.host, 'a run of another project');
  const outcome =
    (phase === 'ended' ? (attributes.outcome ?? attributes.current_outcome) : undefined) ?? phase;
  return {
    id,
    number: attributes.number ?? '',
    attempt: 1,
    workflow: project.slug,
    workflowId: project.id,
    ...refOf(vcs, originOf(vcs.origin_repository_url, project)),
    commit: vcs.revision,
    builtCommit: vcs.revision,
    event: selectEvent(type, references.trigger?.attributes?.event_source?.type),
    state: stateOf(phase, outcome),
    outcome,
    // A project's settings may pass its secrets to runs of forks.
    mayPush: true,
    url: `${appUrl}/pipeline/${id}`,
    position: createdAt,
    tie: '',
    createdAt,
    startedAt: createdAt,
    updatedAt: createdAt,
    committedAt: null,
  };
}

/** A run that waits for an approval is `started`, so it cannot be told from a running one. */
function stateOf(phase: string, outcome: string): Run['state'] {
  if (phase !== 'ended') return 'running';
  if (outcome === 'succeeded') return 'success';
  // Nothing ran, for example because the commit message says [skip ci].
  return outcome === 'not_run' ? 'skipped' : 'unsuccessful';
}

type Vcs = RawRun['references']['event']['attributes']['vcs'];
type Origin = Pick<Run, 'origin' | 'headRepositoryId'>;

/** Forks are on the same host, so their paths tell them apart. */
function originOf(url: string | null | undefined, { id, paths }: CircleciProject): Origin {
  const head = parseRepositoryUrl(url ?? '');
  if (head === undefined || paths.size === 0) return { origin: 'unknown', headRepositoryId: null };
  if (paths.has(head.path)) return { origin: 'own', headRepositoryId: id };
  return { origin: 'foreign', headRepositoryId: `${head.host}/${head.path}` };
}

/** A fork's pull request has the branch `pull/7` (GitHub OAuth); an own branch may have that name, too. */
function refOf(
  { branch, tag }: Vcs,
  origin: Origin,
): Origin & Pick<Run, 'branch' | 'pullRequest' | 'refKind'> {
  const number = origin.origin === 'own' ? undefined : /^pull\/([1-9]\d*)$/.exec(branch ?? '')?.[1];
  if (number !== undefined) return { ...origin, branch: null, pullRequest: number, refKind: 'pull_request' };
  if (branch) return { ...origin, branch, pullRequest: null, refKind: 'branch' };
  return { ...origin, branch: null, pullRequest: null, refKind: tag ? 'tag' : 'unknown' };
}
