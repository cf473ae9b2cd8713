/** What is common to all parameters of the call. Pure. */
import { quote } from '../../text/quote.ts';

const GO_TEMPLATE = /\{\{-?\s*\./u;

/** A template renders a value that it doesn't have as nothing, so an empty string is not a value. */
export function isMissing(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/**
 * Without goTemplate, Argo CD leaves `{{ .branch }}` as it is; and what no generator gives, it never fills in.
 * @returns the problem, with its causes
 */
export function explainTemplate(name: string, value: string): string {
  const notGiven = 'no generator before the plugin, in the same matrix, gives it';
  const causes = GO_TEMPLATE.test(value)
    ? `either the ApplicationSet lacks goTemplate: true, or ${notGiven}`
    : notGiven;
  return `${name} is ${quote(value)}, a template that Argo CD has not filled in: ${causes}`;
}
