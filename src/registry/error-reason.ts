/** Extracts a registry's reason for an error as one short, stable line without secrets. Pure. */
import { parseRegistryErrors } from './manifest/registry-error.ts';

const MAX_LENGTH = 120;
const CUT = '…';
/** Shorter secrets cannot be distinguished from words. */
const MIN_SECRET = 4;
const CODE = /^[A-Z][A-Z0-9_]{0,39}$/;

/** Replaced by `…`: text that varies between responses, links, and possible secrets. */
const HIDDEN: readonly RegExp[] = [
  /\b[a-z][a-z0-9+.-]*:\/\/\S+/gi,
  /(?<=\b(?:bearer|basic)\s+)(?!(?:auth\w*|tokens?|credentials?|challenge|realm|login|scheme|or|and|is|was)\b)\S+/gi,
  /(?<=\b[\w-]*(?:token|passw(?:or)?d|secret|key|sig|signature|auth\w*)["']?\s*[:=]\s*)\S+/gi,
  /\bsha\d+:[0-9a-f]+/gi,
  // Identifiers: hex strings with a digit, and long strings that mix letters and digits.
  /\b(?=[a-f-]*\d)[0-9a-f]{8,}(?:-[0-9a-f]+)*\b/gi,
  /(?=[a-z_+=-]*\d)[\w+=-]{20,}/gi,
  /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?/g,
  /\b\d\d?:\d\d(?::\d\d)?\S*/g,
  // Counters and durations.
  /(?<![\w.-])\d+(?:\.\d+)?(?:ms|[smhd])?(?![\w-]|\.\w)/g,
];

/**
 * @param body the error response's body
 * @param secrets text to remove wherever it occurs
 * @returns code and message of the first error, such as `DENIED: policy`; empty if the body does not have the
 *   specified form
 */
export function extractReason(body: Buffer, secrets: readonly string[] = []): string {
  const [error] = parseRegistryErrors(body);
  if (error === undefined) return '';
  const code = CODE.test(error.code) && !containsSecret(error.code, secrets) ? error.code : '';
  const message = shorten(redact(error.message, secrets));
  return [code, message].filter((part) => part !== '').join(': ');
}

/** @param code in upper case, in which a secret would appear, too */
function containsSecret(code: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => secret.length >= MIN_SECRET && code.includes(secret.toUpperCase()));
}

function redact(text: string, secrets: readonly string[]): string {
  const most = 10 * MAX_LENGTH;
  // Long enough to contain a secret at the end in full.
  let clean = text.slice(0, most + Math.max(0, ...secrets.map(({ length }) => length)));
  for (const secret of secrets) {
    if (secret.length >= MIN_SECRET) clean = clean.replaceAll(secret, CUT);
  }
  clean = clean.slice(0, most).replaceAll(/[\p{C}\p{Z}]+/gu, ' ');
  for (const pattern of HIDDEN) clean = clean.replaceAll(pattern, CUT);
  return clean.replaceAll(/…(?:\s*…)+/g, CUT).trim();
}

/** Reasons that add nothing to the status 401 or 403. */
const GENERIC =
  /^(?:DENIED|UNAUTHORIZED)(?:: (?:denied|unauthorized|forbidden|(?:authentication|authorization) required|access denied|(?:requested )?access to the resource is denied)\.?)?$/i;

export function isGenericReason(reason: string): boolean {
  return reason === '' || GENERIC.test(reason);
}

/** Keeps whole words. */
function shorten(text: string): string {
  if (text.length <= MAX_LENGTH) return text;
  const cut = text.slice(0, MAX_LENGTH);
  const space = cut.lastIndexOf(' ');
  return `${(space > 0 ? cut.slice(0, space) : cut).replace(/[\s,.;:…\ud800-\udbff]+$/, '')}${CUT}`;
}
