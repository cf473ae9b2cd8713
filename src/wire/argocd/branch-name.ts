/**
 * Validates branch names. It accepts every name that Git allows: a stranger's pull request may have an odd
 * one, and an error would block all other pull requests of the ApplicationSet. Only a caller's mistake is an
 * error. Pure.
 */
import { describe, quote } from '../../text/quote.ts';
import { explainTemplate, isMissing, isUnfilledTemplate } from './unfilled-template.ts';

/** The prefix of a full branch name in Git. */
const FULL_NAME = 'refs/heads/';
/** In code points. */
const LENGTH = /^.{1,255}$/su;
/** Git forbids these (git-check-ref-format). It forbids spaces too, but they do no harm. */
const CONTROL = /(?! )[\0-\u0020\u007f]/;

/**
 * @param problems receives a message if the value is not a valid branch name
 * @returns the name without the prefix `refs/heads/`; undefined if it is invalid
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
  if (CONTROL.test(value)) return `branch must not contain control characters, found ${quote(value)}`;
  // A name from Git is UTF-8, which cannot encode lone surrogates.
  return value.isWellFormed() ? undefined : `branch must not contain lone surrogates, found ${quote(value)}`;
}

/** Removes the prefix once, because a branch may itself be called `refs/heads/x`. */
function withoutPrefix(name: string): string {
  return name.startsWith(FULL_NAME) ? name.slice(FULL_NAME.length) : name;
}
