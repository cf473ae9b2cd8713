/** Translates what the schema complains about into problems for a person. */
import type { z } from 'zod';
import { describeFound, valueAt, type DocumentPath, type Problem } from './problem.ts';

/** How the kinds of YAML nodes are called in messages. */
const STRUCTURES = new Map([
  ['object', 'a mapping'],
  ['record', 'a mapping'],
  ['boolean', 'true or false'],
]);

/** @param document what the issues are about */
export function describeIssues(issues: readonly z.core.$ZodIssue[], document: unknown): Problem[] {
  return issues.flatMap((issue) => describeIssue(issue, document, []));
}

function describeIssue(issue: z.core.$ZodIssue, document: unknown, parent: DocumentPath): Problem[] {
  const path = [...parent, ...issue.path.filter((step) => typeof step !== 'symbol')];
  const found = (expected: string) => ({
    path,
    text: `found ${describeFound(path, valueAt(document, path))}, expected ${expected}`,
  });
  switch (issue.code) {
    case 'unrecognized_keys': {
      const sentences = issue.message.split('\n');
      return issue.keys.map((key, i) => ({
        path: [...path, key],
        text: sentences[i] ?? 'found an unknown key',
      }));
    }
    case 'invalid_key':
      return [
        {
          path,
          text: `found the name ${describeFound([], path.at(-1))}, expected ${issue.issues[0]?.message}`,
        },
      ];
    case 'custom':
      return [{ path, text: issue.message }];
    case 'invalid_union': {
      const meant = selectBranch(issue.errors);
      return meant?.flatMap((inner) => describeIssue(inner, document, path)) ?? [found(issue.message)];
    }
    case 'invalid_type':
      return [found(STRUCTURES.get(issue.expected) ?? issue.message)];
    case 'invalid_format':
    case 'invalid_value':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'too_big':
    case 'too_small':
      return [found(issue.message)];
  }
}

/** The alternative that was probably meant: one that complains about something inside, not about the whole. */
function selectBranch(branches: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  return branches.find(
    (issues) => !issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0),
  );
}
