/** Recognizes parameters that Argo CD's templates left empty or unfilled. Pure. */
import { quote } from '../../text/quote.ts';

/** Go templates render this for a missing value. */
const NO_VALUE = '<no value>';
const TEMPLATE = /\{\{.*\}\}/su;
const ALL_TEMPLATE = /^\{\{.*\}\}$/su;
const GO_TEMPLATE = /\{\{-?\s*\./u;
/** Git forbids these in branch names, among others (git-check-ref-format). */
const FORBIDDEN_IN_NAMES = /[\0-\u0020\u007f]/;

/** An empty string counts as missing, because a template renders a missing value as nothing. */
export function isMissing(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/**
 * @returns whether the value is an unfilled template: `{{ .branch }}` and `<no value>` contain spaces, which
 *   no branch name does
 */
export function isUnfilledTemplate(value: string): boolean {
  return FORBIDDEN_IN_NAMES.test(value) && (TEMPLATE.test(value) || value.includes(NO_VALUE));
}

/**
 * @returns whether the branch may be an unfilled template. That is worth a hint only, because `{{branch}}` is
 *   a legal branch name.
 */
export function looksUnfilled(branch: string): boolean {
  return ALL_TEMPLATE.test(branch);
}

/**
 * Without `goTemplate: true`, Argo CD leaves `{{ .branch }}` unchanged, and it never fills in a value that no
 * generator provides.
 * @returns the problem and its possible causes, the most frequent one first: what is too long loses its end
 */
export function explainTemplate(name: string, value: string): string {
  const mode = GO_TEMPLATE.test(value) ? 'goTemplate: true is missing, or ' : '';
  return `${name} is ${quote(value)}, an unfilled template: ${mode}no generator before the plugin provides it`;
}
