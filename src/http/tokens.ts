/** The tokens in a file: one a line, so that an old and a new one are valid while they are exchanged (design §1). Pure. */

/** Around a token HTTP takes them for none of it (RFC 9110, section 5.5). */
const SPACES_AROUND = /^[ \t\v\f]+|[ \t\v\f]+$/g;
/** But for spaces, no header has these in it: controls, and what stands for bytes that are no UTF-8. */
const IMPOSSIBLE = /[\0-\u0020\u007f\ufffd]/;
const SPACES = /[ \t]+/g;
const INVISIBLE = /[\s\p{Cf}]/u;
const QUOTED = /^(["'`]).*\1$/;

export interface Tokens {
  readonly valid: readonly string[];
  /** What is odd about a line, for a person: its number, and never the token. */
  readonly remarks: readonly string[];
}

/**
 * @param text lines of any system; empty ones count for nothing
 * @returns the tokens that a caller can present, without the spaces around them
 */
export function parseTokens(text: string): Tokens {
  const lines = text.split(/\r\n|\n|\r/).map(parseLine);
  return {
    valid: lines.flatMap(({ token }) => token ?? []),
    remarks: lines.flatMap(({ remark }, index) =>
      remark === undefined ? [] : [`line ${index + 1}: ${remark}`],
    ),
  };
}

function parseLine(line: string): { readonly token?: string; readonly remark?: string } {
  const token = line.replaceAll(SPACES_AROUND, '');
  if (token === '') return {};
  if (IMPOSSIBLE.test(token.replaceAll(SPACES, ''))) {
    return {
      remark: 'found control characters or bytes that are no UTF-8, expected a token; it is passed over',
    };
  }
  const remark = remarkOn(token, line);
  return { token, ...(remark !== undefined && { remark }) };
}

/** A token that is odd may still be the one that Argo CD sends. */
function remarkOn(token: string, line: string): string | undefined {
  if (INVISIBLE.test(token)) {
    return 'the token has spaces or invisible characters in it, which are taken for a part of it; expected one token a line';
  }
  if (QUOTED.test(token)) return 'the token is in quotes, which are taken for a part of it';
  return token === line ? undefined : 'the spaces around the token are left out';
}
