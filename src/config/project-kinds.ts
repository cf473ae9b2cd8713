/** Checks each project by the kind of its connection: its repository, workflows, events and Git host. */
import type { z } from 'zod';
import type { CiKind, ProjectKeys } from '../ci/kind.ts';
import { findKind } from '../ci/kinds.ts';
import { describeFound, isMapping, valueAt, type DocumentPath } from '../text/document-path.ts';

/** A refinement of the whole document. It skips values that the schema has rejected. */
export function checkProjectKinds(document: unknown, context: z.core.$RefinementCtx): void {
  for (const [path, project] of entriesAt(document, ['projects'])) {
    if (!isMapping(project)) continue;
    const { ci, git } = project;
    const kind = selectKindOf(document, ci);
    if (kind !== undefined) context.issues.push(...findKeyIssues(project, kind.project, path));
    context.issues.push(...findPlaceholderIssues(project, kind?.project.missingVariables, path));
    context.issues.push(...findTooManyWorkflows(project, kind?.project.mostWorkflows, path));
    if (kind?.hasRuns === false && project['builds'] !== 'statuses') {
      const message = 'found runs, expected statuses, since this kind of connection has no CI of its own';
      context.issues.push({ code: 'custom', input: project, path: [...path, 'builds'], message });
    }
    if (typeof git === 'string' && selectKindOf(document, git)?.isGitHost === false) {
      context.issues.push(createIssue([...path, 'git'], git, 'a connection to a Git host'));
    }
  }
}

/** @returns the connection's kind; if there is no such connection, the kind that all connections share */
export function selectKindOf(document: unknown, connection: unknown): CiKind | undefined {
  const kinds = new Map(
    entriesAt(document, ['connections']).map(([path]) => [path.at(-1), valueAt(document, [...path, 'kind'])]),
  );
  const [kind, ...others] = kinds.has(String(connection))
    ? [kinds.get(String(connection))]
    : new Set(kinds.values());
  return typeof kind === 'string' && others.length === 0 ? findKind(kind) : undefined;
}

function findKeyIssues(
  project: Readonly<Record<string, unknown>>,
  { repository, workflow, event }: ProjectKeys,
  path: DocumentPath,
): z.core.$ZodRawIssue[] {
  const { workflows, events } = project;
  const issues = [
    ...checkText(repository, project['repository'], [...path, 'repository']),
    ...listAt(events).flatMap((each, i) => checkText(event, each, [...path, 'events', i])),
  ];
  if (workflow === 'none') {
    const expected = 'none, since runs of this kind of connection belong to no workflow; leave the key out';
    if (workflows !== undefined) issues.push(createIssue([...path, 'workflows'], workflows, expected));
    return issues;
  }
  return issues.concat(
    listAt(workflows).flatMap((each, i) => checkText(workflow, each, [...path, 'workflows', i])),
  );
}

/** Images whose tags hold what no run has would never be found. */
function findPlaceholderIssues(
  project: Readonly<Record<string, unknown>>,
  missing: ProjectKeys['missingVariables'] = {},
  path: DocumentPath,
): z.core.$ZodRawIssue[] {
  return entriesAt(project, ['images']).flatMap(([at, image]) => {
    const isMapped = isMapping(image);
    const reference = isMapped ? image['reference'] : image;
    if (typeof reference !== 'string') return [];
    return Object.entries(missing).flatMap(([variable, reason]) => {
      if (!new RegExp(`\\{${variable}(?::\\d+)?\\}`).test(reference)) return [];
      const expected = `a tag without {${variable}}: ${reason}`;
      return [createIssue([...path, ...at, ...(isMapped ? ['reference'] : [])], reference, expected)];
    });
  });
}

function findTooManyWorkflows(
  project: Readonly<Record<string, unknown>>,
  most = Infinity,
  path: DocumentPath,
): z.core.$ZodRawIssue[] {
  const workflows = project['workflows'];
  if (listAt(workflows).length <= most) return [];
  const expected = most === 1 ? 'exactly one for this kind of connection' : `at most ${most}`;
  return [createIssue([...path, 'workflows'], workflows, expected)];
}

function checkText(schema: z.ZodType<string>, value: unknown, path: DocumentPath): z.core.$ZodRawIssue[] {
  if (typeof value !== 'string') return [];
  const issues = schema.safeParse(value).error?.issues ?? [];
  return issues.map((issue) => createIssue(path, value, issue.message));
}

function createIssue(path: DocumentPath, value: unknown, expected: string): z.core.$ZodRawIssue {
  const message = `found ${describeFound(path, value)}, expected ${expected}`;
  return { code: 'custom', input: value, path: [...path], message };
}

function entriesAt(document: unknown, path: DocumentPath): [DocumentPath, unknown][] {
  const value = valueAt(document, path);
  return isMapping(value) ? Object.entries(value).map(([key, entry]) => [[...path, key], entry]) : [];
}

function listAt(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
