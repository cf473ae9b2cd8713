/** Checks which keys a project that asks no CI for runs can have (`builds`). */
import { isMapping, valueAt, type DocumentPath, describeFound } from '../text/document-path.ts';
import type { Problem } from './schema-issues.ts';

/** Keys that say something about CI's runs. */
const KEYS_OF_CI = ['ci', 'workflows', 'events', 'blocked', 'lookback'];
const BUILD_VARIABLES = /\{(build_id|build_number|attempt)(?::\d*)?\}/;

/** @param document the parsed file, of any shape */
export function asksNoCi(document: unknown, project: string): boolean {
  return valueAt(document, ['projects', project, 'builds']) === 'registry';
}

/** @param document the parsed file, of any shape */
export function findBuildsProblems(document: unknown): Problem[] {
  const projects = valueAt(document, ['projects']);
  const names = isMapping(projects) ? Object.keys(projects) : [];
  return names.flatMap((name) => {
    const path = ['projects', name];
    if (asksNoCi(document, name)) return findProblems(document, path);
    const keys = valueAt(document, [...path, 'builds']) === 'statuses' ? listKeysOfRuns(document, path) : [];
    return keys.map((key) => refuse(document, key, 'none, since builds: statuses asks no CI for its runs'));
  });
}

/** Beside the keys that `status-rules.ts` checks. */
function listKeysOfRuns(document: unknown, path: DocumentPath): DocumentPath[] {
  const images = valueAt(document, [...path, 'images']);
  const names = isMapping(images) ? Object.keys(images) : [];
  const keys: DocumentPath[] = [path.concat('blocked')];
  for (const name of names) keys.push(path.concat('images', name, 'workflow'));
  return keys.filter((key) => valueAt(document, key) !== undefined);
}

function findProblems(document: unknown, path: DocumentPath): Problem[] {
  const images = valueAt(document, [...path, 'images']);
  return [
    ...KEYS_OF_CI.filter((key) => valueAt(document, [...path, key]) !== undefined).map((key) =>
      refuse(document, [...path, key], 'none, since builds: registry asks no CI; leave the key out'),
    ),
    ...findGateProblems(document, path),
    ...(isMapping(images)
      ? Object.keys(images).flatMap((image) => findImageProblems(document, [...path, 'images', image]))
      : []),
  ];
}

function findGateProblems(document: unknown, path: DocumentPath): Problem[] {
  const isGated = valueAt(document, [...path, 'statuses']) !== undefined;
  if (!isGated || valueAt(document, [...path, 'git']) !== undefined) return [];
  const text = 'found the key without git, expected git to name the connection that knows the statuses';
  return [{ path: [...path, 'statuses'], text }];
}

function findImageProblems(document: unknown, path: DocumentPath): Problem[] {
  const image = valueAt(document, path);
  const reference = isMapping(image) ? [...path, 'reference'] : path;
  const text = valueAt(document, reference);
  const variable = typeof text === 'string' ? BUILD_VARIABLES.exec(text)?.[1] : undefined;
  const found = `found {${variable}} in the reference, expected {commit} or another placeholder`;
  const onlyValues = [
    ['workflow', undefined, 'none, since builds: registry asks no CI; leave the key out'],
    ['onMissing', 'reject', 'reject, since builds: registry knows no other build'],
    ['revision', 'require', 'require, since the revision is the only proof that builds: registry has'],
  ] as const;
  return [
    ...(variable === undefined
      ? []
      : [
          {
            path: reference,
            text: `${found}: without CI (builds: registry), a build has no id and no number`,
          },
        ]),
    ...onlyValues.flatMap(([key, only, expected]) => {
      const value = valueAt(document, [...path, key]);
      return value === undefined || value === only ? [] : [refuse(document, [...path, key], expected)];
    }),
  ];
}

function refuse(document: unknown, path: DocumentPath, expected: string): Problem {
  return { path, text: `found ${describeFound(path, valueAt(document, path))}, expected ${expected}` };
}
