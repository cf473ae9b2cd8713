/** Places in a configuration document. */
import { SECRET_VALUE, quote, SECRET_KEY, HIDDEN } from './found.ts';

export type DocumentPath = readonly (string | number)[];

/** @returns `projects.shop.images.front`, `registries["ghcr.io"]`, `projects.shop.workflows[0]`; empty for the root */
export function formatPath(path: DocumentPath): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[A-Za-z][\w-]*$/.test(step) && !SECRET_VALUE.test(step) ? `.${step}` : `[${quote(step)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

/** The value at a path of the parsed document. */
export function valueAt(document: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Readonly<Record<string | number, unknown>>)[step]
        : undefined,
    document,
  );
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns what a person should read as found at the path */
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
