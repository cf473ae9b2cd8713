/** Places in a configuration document. Pure. */
import { quote } from './quote.ts';
import { SECRET_KEY, SECRET_VALUE } from './secret-patterns.ts';

export type DocumentPath = readonly (string | number)[];

const HIDDEN = 'a value that is not shown here';

/**
 * @returns `projects.shop.images.front`, `registries["ghcr.io"]`, `projects.shop.workflows[0]`; empty for the
 *   root
 */
export function formatPath(path: DocumentPath): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[A-Za-z][\w-]*$/.test(step) && !SECRET_VALUE.test(step) ? `.${step}` : `[${quote(step)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

/** @returns the value at a path of the parsed document; undefined if there is none */
export function valueAt(document: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Readonly<Record<string | number, unknown>>)[step]
        : undefined,
    document,
  );
}

/** @returns whether the value is a mapping of YAML, or an object of JSON */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns the value at the path as it appears after "found" in a message */
export function describeFound(path: DocumentPath, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const key = path.findLast((step) => typeof step === 'string') ?? '';
  if (SECRET_KEY.test(key)) return HIDDEN;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && !SECRET_VALUE.test(value) ? quote(value) : HIDDEN;
}
