/** What `greenpin check` finds at a CI connection that answers: workflows by name, and what the credentials may read. Pure. */
import type { CiConnection } from '../../ci/kind.ts';
import { selectKind } from '../../ci/kinds.ts';
import type { Config } from '../../config/config.ts';
import type { UpstreamFailure } from '../../errors.ts';
import type { Project } from '../../resolve/types.ts';
import type { Finding } from './findings.ts';
import { hintForCi } from './hints.ts';
import { suggestWorkflow } from './workflow-hints.ts';
import type { Workflow } from '../../ci/provider.ts';
import { formatPath } from '../../text/document-path.ts';
import type { Place } from './places.ts';

/** @returns the projects of a Git repository that name workflows */
export function listProjectsWithWorkflows(
  { projects }: Config,
  connection: string,
  target: string,
): Project[] {
  return [...projects.values()].filter(
    ({ ci, gitRepository, workflows }) =>
      ci === connection && gitRepository === target && workflows.length > 0,
  );
}

/** @param seen undefined: there are too many to compare with */
export function describeWorkflows(
  connection: CiConnection,
  place: Place,
  projects: readonly Project[],
  seen: readonly Workflow[] | UpstreamFailure | undefined,
): Finding[] {
  if (seen === undefined) return [];
  if ('kind' in seen) return [failed(connection, place, seen)];
  return projects.flatMap(({ name, workflows }) =>
    workflows.flatMap((path): Finding[] => {
      const doubt = doubtWorkflow(path, seen);
      if (doubt === undefined) return [];
      const detail = `${doubt.detail} (${formatPath(['projects', name, 'workflows'])})`;
      return [{ ...common(connection, place), level: 'warning', detail, hint: doubt.hint }];
    }),
  );
}

function doubtWorkflow(
  path: string,
  seen: readonly Workflow[],
): { readonly detail: string; readonly hint: string } | undefined {
  const workflow = seen.find((each) => each.path === path);
  if (workflow === undefined) {
    const known = seen.map((each) => each.path);
    const hint = `${suggestWorkflow(path, known)} No build is green until this workflow exists and has run`;
    return { detail: `CI knows no workflow ${path}`, hint };
  }
  return workflow.disabled === null
    ? undefined
    : {
        detail: `${path} is switched off in CI (${workflow.disabled})`,
        hint: 'enable it there, or take it out of workflows: new commits have no run of it, and so are not green',
      };
}

/**
 * Only a private repository's pull requests take a permission.
 * @param seen undefined: they could be read
 */
export function describePullRequests(
  connection: CiConnection,
  place: Place,
  seen: UpstreamFailure | undefined,
): Finding {
  if (seen === undefined) {
    return { ...common(connection, place), level: 'ok', detail: 'may read pull requests' };
  }
  if (seen.kind !== 'denied' && seen.kind !== 'not_found') return failed(connection, place, seen);
  const { pullRequestsPermission } = selectKind(connection.kind).words;
  const hint =
    `give the credentials ${pullRequestsPermission}: without it, the pull request of a fork that has a branch of the same name as one ` +
    'of yours may get your images';
  return { ...common(connection, place), level: 'warning', detail: seen.message, hint };
}

function failed(connection: CiConnection, place: Place, failure: UpstreamFailure): Finding {
  const hint = hintForCi(failure, connection, place);
  return { ...common(connection, place), level: 'failed', detail: failure.message, hint };
}

function common({ name }: CiConnection, { target }: Place): Pick<Finding, 'subject' | 'target'> {
  return { subject: `ci ${name}`, target };
}
