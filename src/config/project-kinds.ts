/** Checks each project by the kinds of its connections: its repository, workflows, events and Git host. */
import type { z } from 'zod';
import type { CiKind, ProjectKeys } from '../ci/kind.ts';
import { findKind } from '../ci/kinds.ts';
import type { KeyRule } from '../schema/fields.ts';
import { describeFound, isMapping, valueAt, type DocumentPath } from '../text/document-path.ts';

type Issue = z.core.$ZodRawIssue;

/** A refinement of the whole document. It skips values that the schema has rejected. */
export function checkProjectKinds(document: unknown, context: z.core.$RefinementCtx): void {
  context.issues.push(...findConnectionIssues(document));
  for (const [path, project] of entriesAt(document, ['projects'])) {
    if (!isMapping(project)) continue;
    const { builds, git } = project;
    const host = typeof git === 'string' ? selectKindOf(document, git) : undefined;
    const kind = builds === 'registry' ? undefined : selectRunsKind(document, project, host);
    if (builds === 'registry' && host !== undefined) {
      context.issues.push(
        ...checkText(host.project.repository, project['repository'], [...path, 'repository']),
      );
    }
    if (kind !== undefined) {
      const gitHost = host?.isGitHost === true ? host : undefined;
      context.issues.push(...findKeyIssues(project, kind, gitHost, path));
    }
    context.issues.push(...findPlaceholderIssues(project, kind?.project.missingVariables, path));
    context.issues.push(...findTooManyWorkflows(project, kind?.project.mostWorkflows, path));
    if (kind?.hasRuns === false && builds !== 'statuses') {
      const message = 'found runs, expected statuses, since this kind of connection has no CI of its own';
      context.issues.push({ code: 'custom', input: project, path: [...path, 'builds'], message });
    }
    if (host?.isGitHost === false) {
      context.issues.push(createIssue([...path, 'git'], git, 'a connection to a Git host'));
    }
  }
}

const WITHOUT_CI = {
  type: 'object',
  required: ['builds'],
  properties: { builds: { const: 'registry', description: 'No CI is asked.' } },
};

/** In JSON Schema, what `findConnectionIssues` checks. */
export const CONNECTION_RULE: KeyRule = {
  explain: () => undefined,
  jsonSchema: {
    description: 'There may be no connection only if no project asks CI.',
    anyOf: [
      {
        required: ['connections'],
        properties: {
          connections: { type: 'object', minProperties: 1, description: 'At least one connection.' },
        },
      },
      {
        properties: {
          projects: {
            type: 'object',
            additionalProperties: WITHOUT_CI,
            description: 'Projects that ask no CI.',
          },
        },
      },
    ],
  },
};

/** With `builds: statuses`, the Git host lists the pushes. */
function selectRunsKind(
  document: unknown,
  { builds, ci }: Readonly<Record<string, unknown>>,
  host: CiKind | undefined,
): CiKind | undefined {
  return builds === 'statuses' && host !== undefined ? host : selectKindOf(document, ci);
}

/** Only if no project asks CI, there may be no connection. */
function findConnectionIssues(document: unknown): Issue[] {
  if (!isMapping(document)) return [];
  const { connections } = document;
  const path = ['connections'];
  const projects = entriesAt(document, ['projects']);
  const isNeeded =
    projects.length === 0 || projects.some(([at]) => valueAt(document, [...at, 'builds']) !== 'registry');
  if (!isNeeded) return [];
  if (connections === undefined)
    return [{ code: 'invalid_type', expected: 'record', input: undefined, path }];
  const isEmpty = isMapping(connections) && Object.keys(connections).length === 0;
  const message = 'found an empty mapping, expected at least one entry';
  return isEmpty ? [{ code: 'custom', input: connections, path, message }] : [];
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

/** @param host the kind of `git`, if the project names one */
function findKeyIssues(
  project: Readonly<Record<string, unknown>>,
  { project: keys }: CiKind,
  host: CiKind | undefined,
  path: DocumentPath,
): Issue[] {
  // Where CI has names of its own, only the Git host has to know the repository.
  const schemas =
    keys.runsBelongTo === 'workflows' && host !== undefined ? [host] : [{ project: keys }, host];
  const ofRepository = schemas.flatMap((each) =>
    each === undefined
      ? []
      : checkText(each.project.repository, project['repository'], [...path, 'repository']),
  );
  // The other keys say something about runs, and are refused elsewhere.
  if (project['builds'] === 'statuses') return ofRepository.slice(0, 1);
  return [
    ...ofRepository.slice(0, 1),
    ...listAt(project['events']).flatMap((each, i) => checkText(keys.event, each, [...path, 'events', i])),
    ...findWorkflowIssues(project, keys, path),
  ];
}

function findWorkflowIssues(
  project: Readonly<Record<string, unknown>>,
  { workflow, runsBelongTo }: ProjectKeys,
  path: DocumentPath,
): Issue[] {
  const { workflows } = project;
  const named = listAt(workflows);
  const ofImages = entriesAt(project, ['images']).flatMap(([at, image]): [DocumentPath, unknown][] =>
    isMapping(image) && image['workflow'] !== undefined
      ? [[[...path, ...at, 'workflow'], image['workflow']]]
      : [],
  );
  if (workflow === 'none') {
    const expected = 'none, since runs of this kind of connection belong to no workflow; leave the key out';
    const given: typeof ofImages =
      workflows === undefined ? ofImages : [[[...path, 'workflows'], workflows], ...ofImages];
    return given.map(([at, value]) => createIssue(at, value, expected));
  }
  const entries = [...named.entries()].map(([i, each]): [DocumentPath, unknown] => [
    [...path, 'workflows', i],
    each,
  ]);
  const issues = [...entries, ...ofImages].flatMap(([at, each]) => checkText(workflow, each, at));
  if (runsBelongTo !== 'workflows') return issues;
  if (workflows === undefined) {
    const expected = `what to list the runs of: ${describeExpected(workflow)}`;
    issues.push(createIssue([...path, 'workflows'], undefined, expected));
  }
  const strangers = ofImages.filter(([, each]) => typeof each === 'string' && !named.includes(each));
  return issues.concat(
    strangers.map(([at, each]) => createIssue(at, each, "one of the project's workflows")),
  );
}

/** @returns what a schema for text expects, in its own words */
function describeExpected(schema: z.ZodType<string>): string {
  return schema.safeParse(undefined).error?.issues[0]?.message ?? 'a name';
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
  if (listAt(workflows).length <= most || project['builds'] === 'statuses') return [];
  const expected = most === 1 ? 'exactly one for this kind of connection' : `at most ${most}`;
  return [createIssue([...path, 'workflows'], workflows, expected)];
}

function checkText(schema: z.ZodType<string>, value: unknown, path: DocumentPath): Issue[] {
  if (typeof value !== 'string') return [];
  const issues = schema.safeParse(value).error?.issues ?? [];
  return issues.map((issue) => createIssue(path, value, issue.message));
}

function createIssue(path: DocumentPath, value: unknown, expected: string): Issue {
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
