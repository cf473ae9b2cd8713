/** A registry's own words for a refusal, made fit for a message of ours: one short line that stays the same and gives nothing away. Pure. */
import { parseRegistryErrors } from './manifest/registry-error.ts';

const LONGEST = 120;
const CUT = '…';
/** A secret of fewer characters cannot be told from a word. */
const SHORTEST_SECRET = 4;
const CODE = /^[A-Z][A-Z0-9_]{0,39}$/;

/** What changes from one answer to the next, leads somewhere or may be a secret: each becomes `…`. */
const HIDDEN: readonly RegExp[] = [
  /\b[a-z][a-z0-9+.-]*:\/\/\S+/gi,
  /(?<=\b(?:bearer|basic)\s+)(?!(?:auth\w*|tokens?|credentials?|challenge|realm|login|scheme|or|and|is|was)\b)\S+/gi,
  /(?<=\b[\w-]*(?:token|passw(?:or)?d|secret|key|sig|signature|auth\w*)["']?\s*[:=]\s*)\S+/gi,
  /\bsha\d+:[0-9a-f]+/gi,
  // Identifiers: hex digits with a digit among them, and long runs that mix letters and digits.
  /\b(?=[a-f-]*\d)[0-9a-f]{8,}(?:-[0-9a-f]+)*\b/gi,
  /(?=[a-z_+=-]*\d)[\w+=-]{20,}/gi,
  /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?/g,
  /\b\d\d?:\d\d(?::\d\d)?\S*/g,
  // Counters and durations.
  /(?<![\w.-])\d+(?:\.\d+)?(?:ms|[smhd])?(?![\w-]|\.\w)/g,
];

/**
 * @param body of a refusal
 * @param secrets that must not be repeated, whatever it says
 * @returns code and message of its first error, such as `DENIED: policy`; empty when the body is not in the specification's form
 */
export function tellReason(body: Buffer, secrets: readonly string[] = []): string {
  const [error] = parseRegistryErrors(body);
  if (error === undefined) return '';
  const code = CODE.test(error.code) && !bearsSecret(error.code, secrets) ? error.code : '';
  const message = shorten(cleanse(error.message, secrets));
  return [code, message].filter((part) => part !== '').join(': ');
}

/** @param code in upper case, as which a secret would be shown, too */
function bearsSecret(code: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => secret.length >= SHORTEST_SECRET && code.includes(secret.toUpperCase()));
}

function cleanse(text: string, secrets: readonly string[]): string {
  const most = 10 * LONGEST;
  // So much longer that a secret at the end is whole.
  let clean = text.slice(0, most + Math.max(0, ...secrets.map(({ length }) => length)));
  for (const secret of secrets) {
    if (secret.length >= SHORTEST_SECRET) clean = clean.replaceAll(secret, CUT);
  }
  clean = clean.slice(0, most).replaceAll(/[\p{C}\p{Z}]+/gu, ' ');
  for (const pattern of HIDDEN) clean = clean.replaceAll(pattern, CUT);
  return clean.replaceAll(/…(?:\s*…)+/g, CUT).trim();
}

/** What every registry says with a 401 or 403; it tells nothing that the status does not. */
const COMMONPLACE =
  /^(?:DENIED|UNAUTHORIZED)(?:: (?:denied|unauthorized|forbidden|(?:authentication|authorization) required|access denied|(?:requested )?access to the resource is denied)\.?)?$/i;

export function isCommonplace(reason: string): boolean {
  return reason === '' || COMMONPLACE.test(reason);
}

/** Whole words, as many as there is room for. */
function shorten(text: string): string {
  if (text.length <= LONGEST) return text;
  const cut = text.slice(0, LONGEST);
  const space = cut.lastIndexOf(' ');
  return `${(space > 0 ? cut.slice(0, space) : cut).replace(/[\s,.;:…\ud800-\udbff]+$/, '')}${CUT}`;
}
