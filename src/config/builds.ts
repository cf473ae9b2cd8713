/** Checks of `builds`: which keys a project without CI can have, and that the others have a connection. */
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
  return names.flatMap((name) => (asksNoCi(document, name) ? findProblems(document, name) : []));
}

function findProblems(document: unknown, name: string): Problem[] {
  const path = ['projects', name];
  const images = valueAt(document, [...path, 'images']);
  return [
    ...KEYS_OF_CI.filter((key) => valueAt(document, [...path, key]) !== undefined).map((key) =>
      refuse(document, [...path, key], 'none, since builds: registry asks no CI; leave the key out'),
    ),
    ...(isMapping(images)
      ? Object.keys(images).flatMap((image) => findImageProblems(document, [...path, 'images', image]))
      : []),
  ];
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
