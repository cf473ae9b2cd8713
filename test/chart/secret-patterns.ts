/** Keys that say where a secret is (`tokenEnv`, `passwordFile`), and what a secret looks like that was pasted in its place. */
import { configJsonSchema } from '../../src/config/schema.ts';
import { toHelmPattern } from './helm-pattern.ts';

interface Named {
  readonly pattern: string;
}

/** @returns whether a key of a JSON Schema's properties is one of them, with a rule for its text */
export function namesASecret(key: string, rule: unknown): rule is Named {
  return /(?:Env|File)$/.test(key) && typeof (rule as Partial<Named> | null)?.pattern === 'string';
}

/** @returns by the key's ending, texts that are refused: each fits all patterns of a list */
export function secretPatterns(): Readonly<Record<'Env' | 'File', readonly string[][]>> {
  const found = { Env: new Map<string, string[]>(), File: new Map<string, string[]>() };
  const collect = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (namesASecret(key, value)) {
        for (const patterns of refusals(value))
          found[key.endsWith('Env') ? 'Env' : 'File'].set(patterns.join('\n'), patterns);
      }
      collect(value);
    }
  };
  collect(configJsonSchema());
  return { Env: [...found.Env.values()], File: [...found.File.values()] };
}

/** A `~` is no secret: that such a file is nowhere in the pod, the templates find out. */
function refusals({ pattern }: Named): string[][] {
  const all = (toHelmPattern(pattern).allOf ?? []) as readonly {
    not?: { pattern: string; allOf?: readonly Named[] };
  }[];
  return all
    .flatMap(({ not }) => (not ? [[not.pattern, ...(not.allOf ?? []).map((one) => one.pattern)]] : []))
    .filter(([first]) => first !== '^(?:~)');
}
