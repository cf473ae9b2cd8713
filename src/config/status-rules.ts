/** Checks of the keys `statuses` and `builds: statuses` that a schema cannot express. */
import { parseImageTemplate, type ImageTemplate, type TemplateVariable } from '../image/template.ts';
import { describeFound, isMapping, valueAt, type DocumentPath } from '../text/document-path.ts';
import { selectKindOf } from './project-kinds.ts';
import type { Problem } from './schema-issues.ts';

/** A push has no run, and so neither a number nor attempts. */
const OF_RUNS: readonly TemplateVariable[] = ['build_id', 'build_number', 'attempt'];

/** @param document the parsed file, of any shape */
export function findStatusProblems(document: unknown): Problem[] {
  const projects = valueAt(document, ['projects']);
  if (!isMapping(projects)) return [];
  return Object.entries(projects).flatMap(([name, project]) => {
    if (!isMapping(project)) return [];
    const path = ['projects', name];
    const problems = findHostProblems(document, project, path);
    return problems.concat(project['builds'] === 'statuses' ? findBuildProblems(project, path) : []);
  });
}

/** Statuses are read from the Git host. */
function findHostProblems(
  document: unknown,
  { builds, statuses, ci, git }: Readonly<Record<string, unknown>>,
  path: DocumentPath,
): Problem[] {
  if (builds !== 'statuses' && statuses === undefined) return [];
  // `git` is checked by itself.
  if (git !== undefined || selectKindOf(document, ci)?.isGitHost !== false) return [];
  const key = builds === 'statuses' ? 'builds' : 'statuses';
  const text = `found ${key === 'builds' ? 'statuses' : 'the key'} while ci is not a Git host, expected git to name the connection that knows the statuses`;
  return [{ path: [...path, key], text }];
}

function findBuildProblems(project: Readonly<Record<string, unknown>>, path: DocumentPath): Problem[] {
  const { statuses, images } = project;
  const missing = statuses === undefined ? [createMissing(path)] : [];
  const runKeys = ['workflows', 'events'].filter((key) => project[key] !== undefined);
  return [
    ...missing,
    ...runKeys.map((key) => createProblem([...path, key], project[key], NO_RUNS)),
    ...(isMapping(images) ? findImageProblems(images, [...path, 'images']) : []),
  ];
}

const NO_RUNS = 'no such key, since builds: statuses asks no CI for its runs';

function createMissing(path: DocumentPath): Problem {
  const text =
    'found no key statuses, expected the statuses that make a commit green, for example [continuous-integration/drone/push]';
  return { path: [...path, 'builds'], text };
}

function findImageProblems(images: Readonly<Record<string, unknown>>, path: DocumentPath): Problem[] {
  return Object.entries(images).flatMap(([name, image]) => {
    const at = isMapping(image) ? [...path, name, 'reference'] : [...path, name];
    const reference = isMapping(image) ? image['reference'] : image;
    const revision = isMapping(image) ? image['revision'] : undefined;
    const template = typeof reference === 'string' ? parse(reference) : undefined;
    const expected = template && whyUnfit(template, revision);
    return expected === undefined ? [] : [createProblem(at, reference, expected)];
  });
}

/** @returns what is expected instead; undefined if the template fits */
function whyUnfit({ variables, immutable }: ImageTemplate, revision: unknown): string | undefined {
  const ofRun = OF_RUNS.find((variable) => variables.has(variable));
  if (ofRun !== undefined) {
    return `a tag without {${ofRun}}, since builds: statuses knows commits and no runs; use {commit}`;
  }
  // Nothing says when a build ends, so no time proves whose image a tag holds.
  return immutable || revision === 'require'
    ? undefined
    : 'a tag with {commit}, or revision: require, since builds: statuses does not know when a build ends';
}

/** @returns undefined for an invalid template, which is reported elsewhere */
function parse(reference: string): ImageTemplate | undefined {
  try {
    return parseImageTemplate(reference);
  } catch {
    return undefined;
  }
}

function createProblem(path: DocumentPath, value: unknown, expected: string): Problem {
  return { path, text: `found ${describeFound(path, value)}, expected ${expected}` };
}
