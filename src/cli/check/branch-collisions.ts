/** Finds branches whose names yield the same tag, so that one would get the image of the other. Pure. */
import { renderImageTemplate, type ImageTemplate } from '../../image/template.ts';
import type { Project, Run } from '../../resolve/types.ts';
import type { Finding } from './findings.ts';
import { formatPath } from '../../text/document-path.ts';

const MOST_NAMED = 3;

/** True if the project has a tag that contains the branch but nothing else that varies. */
export function hasBranchTag({ images }: Project): boolean {
  return images.some(({ template }) => dependsOnBranchOnly(template));
}

function dependsOnBranchOnly({ parts }: ImageTemplate): boolean {
  const variables = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.variable]));
  return (
    variables.length > 0 && variables.every((variable) => variable === 'branch' || variable === 'ref_slug')
  );
}

/** @returns the branches of the runs, without forks and tags */
export function listBranches(runs: readonly Run[]): string[] {
  const own = runs.filter(({ origin, refKind }) => origin === 'own' && refKind !== 'tag');
  return [...new Set(own.flatMap(({ branch }) => branch ?? []))];
}

/** @param branches the branches that CI lists */
export function describeCollisions(projects: readonly Project[], branches: readonly string[]): Finding[] {
  return projects.flatMap(({ name: project, images }) =>
    images
      .filter(({ template, revision }) => dependsOnBranchOnly(template) && revision !== 'require')
      .flatMap(({ name, template }) => {
        const key = formatPath(['projects', project, 'images', name]);
        return findCollisions(template, branches).map((names) => ({
          level: 'warning' as const,
          subject: 'tag',
          target: template.text,
          detail: `branches ${enumerate(names)} have the same tag (${key})`,
          hint: 'add {commit} to the tag, set revision: require or rename a branch; otherwise an image without a revision may be rejected for all of them',
        }));
      }),
  );
}

/** @returns the groups of branches that share a reference */
function findCollisions(template: ImageTemplate, branches: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const branch of branches) {
    const reference = render(template, branch);
    if (reference !== undefined) groups.set(reference, [...(groups.get(reference) ?? []), branch]);
  }
  return [...groups.values()].filter(({ length }) => length > 1).map((names) => names.toSorted());
}

/** @returns undefined if the name yields no valid reference */
function render(template: ImageTemplate, branch: string): string | undefined {
  try {
    return renderImageTemplate(template, { commit: '', branch, buildId: '', buildNumber: '', attempt: '' });
  } catch {
    return undefined;
  }
}

function enumerate(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED;
  const shown = rest > 0 ? [...names.slice(0, MOST_NAMED), `${rest} more`] : names;
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
