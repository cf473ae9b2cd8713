/**
 * Problems in the configuration file: where, what was found, what is expected (design §3). What was found is shown only where it
 * can't be a secret.
 */

import { SECRET_START } from '../text/secret-like.ts';

export type DocumentPath = readonly (string | number)[];

export interface Problem {
  readonly path: DocumentPath;
  /** `found …, expected …`, on one line. */
  readonly text: string;
}

/** Names of keys whose values might be secrets, or might have become one by mistake (`tokenEnv: ghp_...`). */
const SECRET_KEY = /token|password|passwd|secret|key|auth|credential/i;

const SECRET_VALUE = new RegExp(`(?:${SECRET_START}).*`, 's');

const HIDDEN = 'a value that is not shown here';

const LONGEST_FOUND = 60;

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

/** @returns the text in quotes, on one line, without credentials, cut when it is long */
export function quote(text: string): string {
  const shown = redact(text);
  const cut = shown.length > LONGEST_FOUND ? `${shown.slice(0, LONGEST_FOUND)}…` : shown;
  // JSON leaves line separators and text direction marks as they are.
  return JSON.stringify(cut).replaceAll(
    /[\p{Cf}\p{Zl}\p{Zp}\u{7f}-\u{9f}]/gu,
    (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
}

/** Takes out credentials in a URL or a reference (`https://user:password@host`), a URL's query, and what looks like a token. */
function redact(text: string): string {
  return text
    .replace(/^(?:[^:]*:\/\/.*|[^/]*:.*)@(?!sha\d+:)/s, '***@')
    .replace(/(:\/\/[^?]*)\?.*$/s, '$1?***')
    .replace(SECRET_VALUE, '***');
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
