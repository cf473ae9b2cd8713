/** Parses token files: one token per line, so that two are valid during a rotation. Pure. */

/** HTTP does not count these as part of the value (RFC 9110, section 5.5). */
const SPACES_AROUND = /^[ \t\v\f]+|[ \t\v\f]+$/g;
/** Never valid in a header: control characters, and the replacement for invalid UTF-8. */
const IMPOSSIBLE = /[\0-\u0020\u007f\ufffd]/;
const SPACES = /[ \t]+/g;
const INVISIBLE = /[\s\p{Cf}]/u;
const QUOTED = /^(["'`]).*\1$/;

export interface Tokens {
  readonly valid: readonly string[];
  /** Problems for people, each with its line number and without the token. */
  readonly remarks: readonly string[];
}

/**
 * @param text lines with any line ending; empty lines are ignored
 * @returns the tokens that a caller can present, without surrounding spaces
 */
export function parseTokens(text: string): Tokens {
  const lines = text.split(/\r\n|\n|\r/).map(parseLine);
  return {
    valid: lines.flatMap(({ token }) => token ?? []),
    remarks: lines.flatMap(({ remark }, i) => (remark === undefined ? [] : [`line ${i + 1}: ${remark}`])),
  };
}

function parseLine(line: string): { readonly token?: string; readonly remark?: string | undefined } {
  const token = line.replaceAll(SPACES_AROUND, '');
  if (token === '') return {};
  if (IMPOSSIBLE.test(token.replaceAll(SPACES, ''))) {
    return { remark: 'found control characters or invalid UTF-8, expected a token; this line is ignored' };
  }
  return { token, remark: findOddity(token, line) };
}

/** An unusual token stays valid, since Argo CD may send exactly that. */
function findOddity(token: string, line: string): string | undefined {
  if (INVISIBLE.test(token)) {
    return 'the token contains spaces or invisible characters, which count as part of it; expected one token per line';
  }
  if (QUOTED.test(token)) return 'the token is in quotes, which count as part of it';
  return token === line ? undefined : 'the spaces around the token are ignored';
}
