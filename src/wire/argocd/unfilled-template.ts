/** Values that a template has left behind where Argo CD has not filled it in. Pure. */

/** What Go's templates put in place of what they are not given. */
const NO_VALUE = '<no value>';
const TEMPLATE = /\{\{.*\}\}/su;
const ALL_TEMPLATE = /^\{\{.*\}\}$/su;
/** Git forbids these in a branch's name, among others (git-check-ref-format). */
const FORBIDDEN_IN_NAMES = /[\0-\u0020\u007f]/;

/** @returns whether a template was not filled in: in `{{ .branch }}` and `<no value>` are spaces, which no branch's name has */
export function isUnfilledTemplate(value: string): boolean {
  return FORBIDDEN_IN_NAMES.test(value) && (TEMPLATE.test(value) || value.includes(NO_VALUE));
}

/** @returns whether it may be one: `{{branch}}` is a legal name of a branch, if an odd one, so that it is a reason to say so only */
export function looksUnfilled(branch: string): boolean {
  return ALL_TEMPLATE.test(branch);
}
