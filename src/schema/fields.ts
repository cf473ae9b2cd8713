/**
 * The building blocks of the schema. The message of an issue says what is expected, in words for people;
 * `config/schema-issues.ts` adds what was found. Messages about whole mappings (unknown keys, combinations of
 * keys) are complete sentences.
 */
import { z } from 'zod';
import { describeUnknownKey, OWN_KEY } from './unknown-key.ts';
import { isMapping } from '../text/document-path.ts';

/** Documents a key in the JSON Schema and the configuration reference. */
interface Documentation {
  readonly title?: string;
  readonly description: string;
  readonly examples?: unknown[];
}

/** A rule on which keys of a mapping can be combined, for validation and for the JSON Schema. */
export interface KeyRule {
  /**
   * @param present the keys of the mapping
   * @param entries the mapping, whose values may have any shape
   * @returns a sentence that says what was found and what is expected; undefined if the rule is met
   */
  readonly explain: (
    present: readonly string[],
    entries: Readonly<Record<string, unknown>>,
  ) => string | undefined;
  readonly jsonSchema: Readonly<Record<string, unknown>>;
}

/** @param suggest returns the likely intention */
export function text(
  pattern: RegExp,
  expected: string,
  suggest: (found: string) => string | undefined = () => undefined,
): z.ZodString {
  return z.string({ error: expected }).regex(pattern, {
    error: ({ input }) => {
      const suggestion = suggest(String(input));
      return suggestion === undefined ? expected : `${expected}; did you mean ${suggestion}?`;
    },
  });
}

export function choice<const T extends readonly [string, ...string[]]>(
  words: T,
): z.ZodEnum<{ [Word in T[number]]: Word }> {
  return z.enum(words, { error: words.join(' or ') });
}

/** A whole number within inclusive limits. */
export function whole(least: number, most: number, expected: string): z.ZodInt {
  return z.int({ error: expected }).min(least, { error: expected }).max(most, { error: expected });
}

/** A number that may also be written as text. */
export function identifier(pattern: RegExp, expected: string) {
  const number = whole(1, Number.MAX_SAFE_INTEGER, expected);
  return z.union([number, text(pattern, expected)], { error: expected });
}

/** A list that is not empty: an empty one is a mistake, because the key could be omitted. */
export function list<T extends z.ZodType>(item: T, expected: string): z.ZodArray<T> {
  return z.array(item, { error: expected }).min(1, { error: expected });
}

/** A mapping with known keys. Keys of the user's own (`x-...`) are removed; all others are errors. */
export function mapping<T extends z.core.$ZodLooseShape>(
  shape: T,
  documentation: Documentation,
  rules: readonly KeyRule[] = [],
): z.ZodObject<T, z.core.$strict> {
  const strict = z
    .strictObject(shape, {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => describeUnknownKey(key, Object.keys(shape))).join('\n')
          : undefined,
    })
    // By default, a refinement runs only if there are no issues.
    .superRefine(allowOwnKeys, { when: () => true });
  const ownKeys = { patternProperties: { [OWN_KEY.source]: {} } };
  const allOf = rules.map((rule) => rule.jsonSchema);
  return rules
    .reduce((schema, rule) => schema.refine(...keyRule(rule)), strict)
    .meta({ ...ownKeys, ...documentation, ...(allOf.length > 0 && { allOf }) });
}

/** Removes the issues about the user's own keys, whose content never reaches the parsed value. */
function allowOwnKeys(_: unknown, found: z.core.$RefinementCtx): void {
  found.issues = found.issues.flatMap((issue): z.core.$ZodRawIssue[] => {
    if (issue.code !== 'unrecognized_keys') return [issue];
    const keys = issue.keys.filter((key) => !OWN_KEY.test(key));
    return keys.length === 0 ? [] : [{ ...issue, keys }];
  });
}

function keyRule({ explain }: KeyRule): [(value: unknown) => boolean, z.core.$ZodCustomParams] {
  const judge = (value: unknown) => (isMapping(value) ? explain(Object.keys(value), value) : undefined);
  return [
    (value) => judge(value) === undefined,
    // Runs even if the mapping has other problems, so that all are reported at once.
    { error: ({ input }) => judge(input), when: () => true },
  ];
}

/** A mapping whose keys are names that the user chooses. */
export function named<T extends z.ZodType>(
  name: z.ZodString,
  value: T,
  least: 0 | 1,
  documentation: Documentation,
): z.ZodRecord<z.ZodString, T> {
  return z
    .record(name, value)
    .refine((entries) => Object.keys(entries).length >= least, {
      error: 'found an empty mapping, expected at least one entry',
      // Entries with an invalid name are no longer in the mapping.
      when: ({ issues }) => issues.length === 0,
    })
    .meta({ ...documentation, minProperties: least });
}

/** At most one of the keys may be present. */
export function atMostOne(...keys: readonly string[]): KeyRule {
  return combinations([[], ...keys.map((key) => [key])], `at most one of ${keys.join(', ')}`);
}

/**
 * @param allowed every valid combination of the keys
 * @param expected the combinations in words
 */
export function combinations(allowed: readonly (readonly string[])[], expected: string): KeyRule {
  const keys = [...new Set(allowed.flat())];
  return {
    explain: (present) => {
      const given = keys.filter((key) => present.includes(key));
      const isAllowed = allowed.some(
        (combination) =>
          combination.length === given.length && combination.every((key) => given.includes(key)),
      );
      return isAllowed ? undefined : `found ${given.join(' and ')}, expected ${expected}`;
    },
    jsonSchema: {
      description: `${expected.slice(0, 1).toUpperCase()}${expected.slice(1)}.`,
      anyOf: allowed.map((combination) => {
        const others = keys.filter((key) => !combination.includes(key));
        const not = { anyOf: others.map((key) => ({ required: [key] })) };
        return { required: combination, ...(others.length > 0 && { not }) };
      }),
    },
  };
}
