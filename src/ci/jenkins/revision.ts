/** Finds the commit of a Jenkins build in its actions, which plugins add. Pure. */
import { z } from 'zod';
import { commit, text } from '../fields.ts';
import { decodeBranch, parsePullRequestJob } from './job-names.ts';

const name = text.optional().catch(undefined);
const hash = commit.optional().catch(undefined);
const holder = z.object({ hash }).optional().catch(undefined);

/** `SCMRevisionAction` of the plugin scm-api. Each branch source exports other fields of `revision`. */
const revisionSchema = z.object({
  revision: z.object({
    _class: name,
    // A branch or a tag.
    hash,
    // The head of a pull request: GitHub.
    pullHash: hash,
    // The same: GitLab and Gitea.
    origin: holder,
    // False if the head is built as it is, not merged with the target branch.
    merge: z.boolean().optional().catch(undefined),
    head: z.object({ _class: name, name }).optional().catch(undefined),
  }),
});

/** `BuildData` of the plugin git. A build has one for each repository, shared libraries' included. */
const buildDataSchema = z.object({
  lastBuiltRevision: z.object({ SHA1: commit, branch: z.array(z.object({ name: text })) }),
});

type Revision = z.output<typeof revisionSchema>['revision'];

interface FoundRevisions {
  readonly revisions: readonly Revision[];
  readonly isTag: boolean;
  /** The build says so itself, whatever the name of its job. */
  readonly isPullRequest: boolean;
}

export function revisionOf(actions: readonly unknown[]): FoundRevisions {
  const revisions = actions.flatMap((action) => revisionSchema.safeParse(action).data?.revision ?? []);
  const classed = revisions.flatMap((revision) => [revision, revision.head ?? {}]);
  // `GitTagSCMRevision`, `GitHubTagSCMHead`, `BitbucketTagSCMHead`.
  const isOf = (pattern: RegExp) => classed.some(({ _class = '' }) => pattern.test(_class));
  return {
    revisions,
    isTag: isOf(/Tag(?:SCM)?(?:Head|Revision)/),
    isPullRequest:
      isOf(/(?:Pull|Merge)Request(?:SCM)?(?:Head|Revision)/) ||
      revisions.some(({ pullHash, origin }) => pullHash !== undefined || origin?.hash !== undefined),
  };
}

/** False for a build that waits to begin, or that could not reach the Git host. */
export function hasCheckedOut(actions: readonly unknown[]): boolean {
  return (
    revisionOf(actions).revisions.length > 0 ||
    actions.some((action) => buildDataSchema.safeParse(action).success)
  );
}

/**
 * @returns the head of the branch or pull request that was built; undefined if it is not known, or if the
 *   build has several
 */
export function headOf(actions: readonly unknown[], job: string): string | undefined {
  const { revisions } = revisionOf(actions);
  const isPullRequest = parsePullRequestJob(job) !== undefined;
  const heads = new Set(
    revisions.map((revision) => revision.pullHash ?? revision.origin?.hash ?? revision.hash),
  );
  const [head, ...others] = heads;
  if (others.length > 0) return undefined;
  if (head !== undefined) return head;
  // Bitbucket's branch source exports no hash of a pull request. What was checked out is the head, unless
  // it is a merge.
  return isPullRequest && isHeadStrategy(revisions, job) ? checkedOut(actions, job) : undefined;
}

/**
 * @returns the commit that a pull request's build has checked out (`GIT_COMMIT`), which is a merge that
 *   exists nowhere else if the branch source merges; null if it is not known
 */
export function builtBy(actions: readonly unknown[], job: string, head: string): string | null {
  return isHeadStrategy(revisionOf(actions).revisions, job) ? head : (checkedOut(actions, job) ?? null);
}

function isHeadStrategy(revisions: readonly Revision[], job: string): boolean {
  const named = parsePullRequestJob(job)?.strategy;
  return named === 'head' || revisions.some(({ merge }) => merge === false);
}

/** Shared libraries are on branches of other names, and often come first. */
function checkedOut(actions: readonly unknown[], job: string): string | undefined {
  const branch = decodeBranch(job);
  const found = actions.flatMap((action) => {
    const revision = buildDataSchema.safeParse(action).data?.lastBuiltRevision;
    const isOwn = revision?.branch.some((each) => each.name === branch || each.name.endsWith(`/${branch}`));
    return isOwn === true ? [revision?.SHA1] : [];
  });
  const [only, ...others] = new Set(found);
  return others.length === 0 ? only : undefined;
}
