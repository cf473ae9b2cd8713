/**
 * Rewrites a regular expression for helm, which validates values with Go's engine, which has no lookahead
 * (`(?!...)`). Each lookahead becomes a separate pattern that must or must not match.
 */

/** JSON Schema keywords for a string. */
export interface TextRule {
  readonly pattern?: string;
  readonly allOf?: readonly (TextRule | { readonly not: TextRule })[];
}

/**
 * @param source begins with `^`; what precedes a lookahead can end in one place only
 * @throws Error if it cannot be rewritten
 */
export function toHelmPattern(source: string): TextRule {
  if (!source.startsWith('^')) throw new Error(`found ${source}, expected a pattern that begins with ^`);
  const at = source.search(/\(\?[=!]/);
  if (at === -1) return { pattern: toGo(source) };
  const end = closingParenthesis(source, at);
  const before = source.slice(0, at);
  const ahead = source.slice(at + 3, end);
  const condition = toHelmPattern(/^\(\?[=!]/.test(ahead) ? before + ahead : `${before}(?:${ahead})`);
  const rest = toHelmPattern(before + source.slice(end + 1));
  const wanted = source[at + 2] === '=' ? condition : { not: condition };
  return { ...rest, allOf: [wanted, ...(rest.allOf ?? [])] };
}

/** @returns the pattern without its conditions, which matches all that the pattern matches, and more */
export function withoutLookaheads(source: string): string {
  const at = source.search(/\(\?[=!]/);
  if (at === -1) return source;
  return withoutLookaheads(source.slice(0, at) + source.slice(closingParenthesis(source, at) + 1));
}

function closingParenthesis(source: string, open: number): number {
  let depth = 0;
  let inClass = false;
  for (let at = open; at < source.length; at += 1) {
    const character = source[at];
    if (character === '\\') at += 1;
    else if (character === '[') inClass = true;
    else if (character === ']') inClass = false;
    else if (!inClass && character === '(') depth += 1;
    else if (!inClass && character === ')') depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error(`found ${source}, expected each parenthesis to be closed`);
}

/** Rewrites what JavaScript and Go write differently. */
function toGo(source: string): string {
  if (/\(\?<?[=!]/.test(source)) throw new Error(`found ${source}, expected no lookbehind`);
  return source.replaceAll(/\\u00([0-9a-f]{2})/g, String.raw`\x$1`).replaceAll(String.raw`\/`, '/');
}
