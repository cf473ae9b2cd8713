/**
 * What can be a branch's name. An error is for the caller's mistake, never for a name: one that Git allows is answered, since a
 * stranger's pull request may have it, and an error would stop every other one (design §1). Pure.
 */
import { isUnfilledTemplate } from './unfilled-template.ts';
import { describe, quote } from '../../text/quote.ts';
import { explainTemplate, isMissing } from './parameter.ts';

/** As Git itself writes a branch in full. */
const FULL_NAME = 'refs/heads/';
/** Counted in code points. */
const LENGTH = /^.{1,255}$/su;
/** Of ASCII only: Git allows all others, even those of C1 (git-check-ref-format). A space, which it does not, does no harm. */
const CONTROL = /(?! )[\0-\u0020\u007f]/;

/**
 * @param problems gets what is wrong with it, if anything
 * @returns the name, without `refs/heads/` before it; undefined when there is none
 */
export function parseBranch(value: unknown, problems: string[]): string | undefined {
  const problem = findProblem(value);
  if (problem === undefined) return withoutPrefix(String(value));
  problems.push(problem);
  return undefined;
}

function findProblem(value: unknown): string | undefined {
  if (isMissing(value))
    return 'branch is missing or empty (pass branch: "{{ .branch }}" in input.parameters)';
  if (typeof value !== 'string') return `branch must be a string, found ${describe(value)}`;
  if (isUnfilledTemplate(value)) return explainTemplate('branch', value);
  if (value === FULL_NAME) return `branch is ${quote(value)} without a name`;
  if (!LENGTH.test(withoutPrefix(value))) {
    return `branch must have at most 255 characters, found ${quote(value)}`;
  }
  if (CONTROL.test(value)) {
    return `branch must have no control characters in it, found ${quote(value)}`;
  }
  // Text in UTF-8, which a name from Git is, has none.
  return value.isWellFormed()
    ? undefined
    : `branch must have no lone surrogates in it, found ${quote(value)}`;
}

/** Once: a branch may be called `refs/heads/x`. */
function withoutPrefix(name: string): string {
  return name.startsWith(FULL_NAME) ? name.slice(FULL_NAME.length) : name;
}
