/** Checks of a project's images that a schema cannot express: templates, platforms and parameter names. */
import { digestKey } from '../wire/argocd/digest-key.ts';
import { parsePlatform } from '../image/platform.ts';
import { parseReference } from '../image/reference.ts';
import { parseImageTemplate, renderImageTemplate } from '../image/template.ts';
import { HAND_OUT_PATTERN } from './project.ts';
import { hintForTemplate } from './template-hints.ts';
import type { Problem } from './schema-issues.ts';
import { isMapping, valueAt, type DocumentPath, describeFound } from '../text/document-path.ts';

/** Values for every placeholder. */
const SAMPLE = {
  commit: '0123456789'.repeat(4),
  branch: 'feature/sample',
  pullRequest: '1',
  buildId: '1',
  buildNumber: '1',
  attempt: '1',
} as const;

/** @param document the parsed file, of any shape */
export function findImageProblems(document: unknown): Problem[] {
  const projects = valueAt(document, ['projects']);
  if (!isMapping(projects)) return [];
  return Object.keys(projects).flatMap((project) => {
    const path = ['projects', project, 'images'];
    const images = valueAt(document, path);
    if (!isMapping(images)) return [];
    const names = Object.keys(images);
    const entries = names.flatMap((name) => findEntryProblems(images[name], path.concat(name)));
    return findNameProblems(names, path).concat(entries);
  });
}

/** Two names must not yield the same parameter. */
function findNameProblems(names: readonly string[], path: DocumentPath): Problem[] {
  return names.flatMap((name, i) => {
    const key = digestKey(name);
    const other = names.slice(0, i).find((earlier) => digestKey(earlier) === key);
    if (other === undefined) return [];
    const text = `found a name that yields the same parameter as ${other} (${key}), expected different parameters`;
    return [{ path: [...path, name], text }];
  });
}

function findEntryProblems(image: unknown, path: DocumentPath): Problem[] {
  if (typeof image === 'string') return findReferenceProblems(image, path);
  if (!isMapping(image)) return [];
  const { reference, platform, handOut, onMissing } = image;
  return [
    ...(onMissing === 'target' ? findTargetProblems(reference, [...path, 'onMissing']) : []),
    ...(typeof reference === 'string' ? findReferenceProblems(reference, [...path, 'reference']) : []),
    ...(typeof handOut === 'string' ? findHandOutProblems(handOut, [...path, 'handOut']) : []),
    ...(typeof platform === 'string' ? findPlatformProblems(platform, [...path, 'platform']) : []),
  ];
}

function findReferenceProblems(reference: string, path: DocumentPath): Problem[] {
  const problems = attempt(path, reference, EXPECTED_REFERENCE, () =>
    parseReference(renderImageTemplate(parseImageTemplate(reference), SAMPLE)),
  );
  const hint = problems.length === 0 ? undefined : hintForTemplate(reference);
  if (hint === undefined) return problems;
  if (!hint.instead) return problems.map(({ text }) => ({ path, text: `${text}; ${hint.text}` }));
  const found = `found ${describeFound(path, reference)}`;
  return [{ path, text: `${found}, expected ${EXPECTED_REFERENCE}: ${hint.text}` }];
}

/** The target branch's builds belong to no pull request. */
function findTargetProblems(reference: unknown, path: DocumentPath): Problem[] {
  if (typeof reference !== 'string' || !/\{pull_request(?::|\})/.test(reference)) return [];
  const text = 'found target with {pull_request} in the reference, expected reject or previous';
  return [{ path, text: `${text}: builds of the target branch belong to no pull request` }];
}

const EXPECTED_REFERENCE = 'an image reference with a tag';

function findPlatformProblems(platform: string, path: DocumentPath): Problem[] {
  return attempt(path, platform, 'a platform, for example linux/amd64', () => parsePlatform(platform));
}

/** The schema has rejected values that are not a repository. */
function findHandOutProblems(handOut: string, path: DocumentPath): Problem[] {
  if (!HAND_OUT_PATTERN.test(handOut)) return [];
  return attempt(path, handOut, 'a repository, REGISTRY/PATH', () => parseReference(handOut));
}

function attempt(path: DocumentPath, value: string, expected: string, parse: () => unknown): Problem[] {
  try {
    parse();
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not valid';
    return [{ path, text: `found ${describeFound(path, value)}, expected ${expected}: ${reason}` }];
  }
}
