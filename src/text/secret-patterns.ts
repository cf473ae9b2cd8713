/** Tells a secret from the name of the place where it is, so that a secret written there by mistake never reaches a message. */

/**
 * How tokens and keys begin: GitHub's, GitLab's, Docker Hub's, a JSON Web Token, PEM. Source of a regular expression.
 * https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
 */
export const SECRET_START =
  'gh[opsur]_[A-Za-z0-9]{10}|github_pat_[A-Za-z0-9]{10}|glpat-[A-Za-z0-9_-]{10}|dckr_[po]at_|eyJ[A-Za-z0-9_-]{10}|-----BEGIN';

/** No line break or other control character. */
export const ONE_LINE = '[^\\u0000-\\u001f\\u007f]+';

/** One long word with digits in it, without a dot or a slash: random rather than a file's name. */
const RANDOM_WORD = '(?=[^0-9]*[0-9])[A-Za-z0-9+=_-]{20,}$';

/** A path, on one line; the shell's `~` is not expanded, so that it would be a folder's name. */
export const SECRET_FILE_PATTERN = new RegExp(`^(?!${SECRET_START})(?!${RANDOM_WORD})(?!~)${ONE_LINE}$`);

/** The name of an environment variable; a word of hexadecimal digits is a token of older GitHub versions. */
export const ENVIRONMENT_NAME_PATTERN = new RegExp(
  `^(?!${SECRET_START})(?![0-9a-f]{32,}$)[A-Za-z_][A-Za-z0-9_]*$`,
);

/** The usual form of such names: `GITHUB_TOKEN`. Only these are repeated in messages. */
const USUAL_NAME = /^[A-Z]{1,20}(?:_[A-Z0-9]{1,20})*$/;

/** @returns a phrase with the name of an environment variable, if it may be shown */
export function showVariable(name: string): string {
  return USUAL_NAME.test(name) ? `the variable ${name}` : 'a variable';
}

/** @returns the shell's command that sets it, with a name that may be shown */
export function exportCommand(name: string): string {
  return `export ${USUAL_NAME.test(name) ? name : 'NAME'}=...`;
}
