/** Building blocks of the schemas for CI systems' JSON. Pure. */
import { z } from 'zod';

/** The systems' own limits on names are far lower. */
export const text = z.string().max(1024);

/**
 * Integers beyond 2^53 arrive as bigints (`parseBoundedJson`), so that none is rounded. Other numbers that
 * are not safe integers are rejected.
 */
export const id = z.union([z.int().positive(), z.bigint().positive()]).transform(String);

/** RFC 3339, to milliseconds since the epoch. */
export const instant = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value));

/** A full hash, SHA-1 or SHA-256. */
export const commit = z
  .string()
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i)
  .toLowerCase();

/** Exceeds every page that Greenpin requests. Rejecting many malformed elements one by one takes time. */
export const MAX_ELEMENTS = 1000;

/** Pads a number, so that the order of texts equals the order of numbers (`Run.tie`). */
export function padNumber(digits: string): string {
  return digits.padStart(20, '0');
}

/** @returns the URL, which is shown as a link, if it has a web scheme and no credentials; otherwise '' */
export function webUrl(value: unknown): string {
  if (typeof value !== 'string' || value.length > 2048 || !URL.canParse(value)) return '';
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '' ? value : '';
}
