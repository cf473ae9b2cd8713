/** Describes the workflows of a CI connection, and whether pull requests may be read. Pure. */
import type { CiConnection } from '../../ci/kind.ts';
import { selectKind } from '../../ci/kinds.ts';
import type { UpstreamFailure } from '../../errors.ts';
import type { Project } from '../../resolve/types.ts';
import { describeConnection, type Finding } from './findings.ts';
import { suggestWorkflow } from '../suggestions.ts';
import type { Workflow } from '../../ci/provider.ts';
import { formatPath } from '../../text/document-path.ts';
import type { Place } from './places.ts';

/** @param seen undefined if there are too many to compare with */
export function describeWorkflows(
  connection: CiConnection,
  place: Place,
  projects: readonly Project[],
  seen: readonly Workflow[] | UpstreamFailure | undefined,
): Finding[] {
  if (seen === undefined) return [];
  if ('kind' in seen) return [describeConnection(connection, place, seen)];
  return projects.flatMap(({ name, workflows }) =>
    workflows.flatMap((path): Finding[] => {
      const problem = findWorkflowProblem(path, seen);
      if (problem === undefined) return [];
      const detail = `${problem.detail} (${formatPath(['projects', name, 'workflows'])})`;
      return [{ ...common(connection, place), level: 'warning', detail, hint: problem.hint }];
    }),
  );
}

function findWorkflowProblem(
  path: string,
  seen: readonly Workflow[],
): { readonly detail: string; readonly hint: string } | undefined {
  const workflow = seen.find((each) => each.path === path || each.id === path);
  if (workflow === undefined) {
    const known = seen.map((each) => each.path);
    const hint = `${suggestWorkflow(path, known)} No build is green until this workflow exists and has run`;
    return { detail: `CI knows no workflow ${path}`, hint };
  }
  if (workflow.disabled === null) return undefined;
  const hint =
    'enable it there, or remove it from workflows: new commits have no run of it, so no build is green';
  return { detail: `${path} is disabled in CI (${workflow.disabled})`, hint };
}

/**
 * Only a private repository's pull requests require a permission.
 * @param failure undefined if they could be read
 */
export function describePullRequests(
  connection: CiConnection,
  place: Place,
  failure: UpstreamFailure | undefined,
): Finding {
  if (failure === undefined) {
    return { ...common(connection, place), level: 'ok', detail: 'may read pull requests' };
  }
  if (failure.kind !== 'denied' && failure.kind !== 'not_found') {
    return describeConnection(connection, place, failure);
  }
  const { pullRequestsPermission } = selectKind(connection.kind).words;
  const hint = `give the credentials ${pullRequestsPermission}: without it, a pull request from a fork may get your images if its branch has the same name as one of yours`;
  return { ...common(connection, place), level: 'warning', detail: failure.message, hint };
}

function common({ name }: CiConnection, { target }: Place): Pick<Finding, 'subject' | 'target'> {
  return { subject: `ci ${name}`, target };
}
