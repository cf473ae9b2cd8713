/** Rules for the images of a project that a schema can't say: templates, platforms, names of parameters. */
import { digestKey } from '../wire/argocd/digest-key.ts';
import { parseImageTemplate, renderImageTemplate } from '../image/template.ts';
import { HAND_OUT_PATTERN } from './project.ts';
import { hintForTemplate } from './template-hints.ts';
import { type Problem } from './problem.ts';
import type { Platform } from '../image/image.ts';
import { isMapping, valueAt, type DocumentPath, describeFound } from '../text/document-path.ts';

/** Handed in, since configuration and registries don't know each other. Both throw an Error with a message of one line. */
export interface ImageParsers {
  readonly parseReference: (text: string) => unknown;
  readonly parsePlatform: (text: string) => Platform;
}

/** What any template may ask for. */
const SAMPLE = {
  commit: '0123456789'.repeat(4),
  branch: 'feature/sample',
  pullRequest: '1',
  buildId: '1',
  buildNumber: '1',
  attempt: '1',
} as const;

/** @param document the parsed file, of any shape */
export function findImageProblems(document: unknown, parsers: ImageParsers): Problem[] {
  const projects = valueAt(document, ['projects']);
  if (!isMapping(projects)) return [];
  return Object.keys(projects).flatMap((project) => {
    const path = ['projects', project, 'images'];
    const images = valueAt(document, path);
    if (!isMapping(images)) return [];
    const names = Object.keys(images);
    const entries = names.flatMap((name) => findEntryProblems(images[name], path.concat(name), parsers));
    return findNameProblems(names, path).concat(entries);
  });
}

/** Templates see one parameter for both names. */
function findNameProblems(names: readonly string[], path: DocumentPath): Problem[] {
  return names.flatMap((name, i) => {
    const key = digestKey(name);
    const other = names.slice(0, i).find((earlier) => digestKey(earlier) === key);
    if (other === undefined) return [];
    const text = `found a name that gives the parameter ${key}, as ${other} does, expected different parameters`;
    return [{ path: [...path, name], text }];
  });
}

function findEntryProblems(image: unknown, path: DocumentPath, parsers: ImageParsers): Problem[] {
  if (typeof image === 'string') return findReferenceProblems(image, path, parsers);
  if (!isMapping(image)) return [];
  const { reference, platform, handOut } = image;
  return [
    ...(typeof reference === 'string'
      ? findReferenceProblems(reference, [...path, 'reference'], parsers)
      : []),
    ...(typeof handOut === 'string' ? findHandOutProblems(handOut, [...path, 'handOut'], parsers) : []),
    ...(typeof platform === 'string' ? findPlatformProblems(platform, [...path, 'platform'], parsers) : []),
  ];
}

function findReferenceProblems(reference: string, path: DocumentPath, parsers: ImageParsers): Problem[] {
  const problems = attempt(path, reference, EXPECTED_REFERENCE, () =>
    parsers.parseReference(renderImageTemplate(parseImageTemplate(reference), SAMPLE)),
  );
  const hint = problems.length === 0 ? undefined : hintForTemplate(reference);
  if (hint === undefined) return problems;
  if (!hint.instead) return problems.map(({ text }) => ({ path, text: `${text}; ${hint.text}` }));
  const found = `found ${describeFound(path, reference)}`;
  return [{ path, text: `${found}, expected ${EXPECTED_REFERENCE}: ${hint.text}` }];
}

const EXPECTED_REFERENCE = 'an image reference with a tag';

function findPlatformProblems(platform: string, path: DocumentPath, parsers: ImageParsers): Problem[] {
  return attempt(path, platform, 'a platform, for example linux/amd64', () =>
    parsers.parsePlatform(platform),
  );
}

/** What is no repository at all the schema has refused. */
function findHandOutProblems(handOut: string, path: DocumentPath, parsers: ImageParsers): Problem[] {
  if (!HAND_OUT_PATTERN.test(handOut)) return [];
  return attempt(path, handOut, 'a repository, REGISTRY/PATH', () => parsers.parseReference(handOut));
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
