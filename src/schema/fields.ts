/**
 * What the schema is built from. The message of an issue is what is expected there, in words for a person; what was found is added by
 * `config/schema-issues.ts`. Messages of whole mappings (unknown keys, keys that exclude each other) are complete sentences.
 */
import { z } from 'zod';
import { describeUnknownKey, OWN_KEY } from './unknown-key.ts';
import { isMapping } from '../text/document-path.ts';

/** Documents a key in the printed JSON Schema. */
interface Documentation {
  readonly title?: string;
  readonly description: string;
  readonly examples?: unknown[];
}

/** A rule on which keys of a mapping go together, said twice: to us and to a reader of the JSON Schema. */
export interface KeyRule {
  /**
   * @param present the keys that are there
   * @param entries with their values, of any shape
   * @returns the sentence that says what was found and is expected, or undefined if all is well
   */
  readonly explain: (
    present: readonly string[],
    entries: Readonly<Record<string, unknown>>,
  ) => string | undefined;
  readonly jsonSchema: Readonly<Record<string, unknown>>;
}

/** Text of a certain form; `suggest` may know what was meant. */
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

/** One of several words. */
export function choice<const T extends readonly [string, ...string[]]>(
  words: T,
): z.ZodEnum<{ [Word in T[number]]: Word }> {
  return z.enum(words, { error: words.join(' or ') });
}

/** A whole number within limits, both allowed. */
export function whole(least: number, most: number, expected: string): z.ZodInt {
  return z.int({ error: expected }).min(least, { error: expected }).max(most, { error: expected });
}

/** A number that may be written as text as well. */
export function identifier(pattern: RegExp, expected: string) {
  const number = whole(1, Number.MAX_SAFE_INTEGER, expected);
  return z.union([number, text(pattern, expected)], { error: expected });
}

/** At least one of `item`; a list without any is a mistake, since the key could be left out. */
export function list<T extends z.ZodType>(item: T, expected: string): z.ZodArray<T> {
  return z.array(item, { error: expected }).min(1, { error: expected });
}

/** A mapping with known keys, and no others but the user's own (`x-...`), which are taken out. */
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
    // A check runs else only where nothing was found.
    .superRefine(allowOwnKeys, { when: () => true });
  const ownKeys = { patternProperties: { [OWN_KEY.source]: {} } };
  return rules
    .reduce((schema, rule) => schema.refine(...keyRule(rule)), strict)
    .meta(Object.assign(ownKeys, documentation, ...rules.map((rule) => rule.jsonSchema)));
}

/** Takes back what the schema has said of them; nothing of a key that is not known gets into what it gives. */
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
    // Runs whatever else is wrong with the mapping: all problems are reported at once.
    { error: ({ input }) => judge(input), when: () => true },
  ];
}

/** A mapping from names of the user's choosing. */
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
      // Entries whose name was refused are not seen here any more.
      when: ({ issues }) => issues.length === 0,
    })
    .meta({ ...documentation, minProperties: least });
}

/** At most one of these keys may be there. */
export function atMostOne(...keys: readonly string[]): KeyRule {
  const pairs = keys.flatMap((key, i) => keys.slice(i + 1).map((other) => ({ required: [key, other] })));
  return {
    explain: (present) => {
      const given = keys.filter((key) => present.includes(key));
      return given.length < 2
        ? undefined
        : `found ${given.join(' and ')}, expected at most one of ${keys.join(', ')}`;
    },
    jsonSchema: { not: { anyOf: pairs } },
  };
}
