/** Distinguishes secrets from the names of files and variables, so that no message reveals a secret. */

/**
 * Prefixes of tokens and keys of GitHub, GitLab and Docker Hub, of JSON Web Tokens and of PEM; a part of a
 * regular expression. https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
 */
const SECRET_START =
  'gh[opsur]_[A-Za-z0-9]{10}|github_pat_[A-Za-z0-9]{10}|glpat-[A-Za-z0-9_-]{10}|dckr_[po]at_|eyJ[A-Za-z0-9_-]{10}|-----BEGIN';

export const SECRET_VALUE = new RegExp(`(?:${SECRET_START}).*`, 's');

/** Keys whose value may be a secret, or may have become one by mistake (`tokenEnv: ghp_...`). */
export const SECRET_KEY = /token|password|passwd|secret|key|auth|credential/i;

/** Text without line breaks and other control characters. */
export const ONE_LINE = '[^\\u0000-\\u001f\\u007f]+';

/** A long word with digits but without a dot or slash: random data rather than a file name. */
const RANDOM_WORD = '(?=[^0-9]*[0-9])[A-Za-z0-9+=_-]{20,}$';

/** A path on one line. It must not start with `~`, because no shell expands it. */
export const SECRET_FILE_PATTERN = new RegExp(`^(?!${SECRET_START})(?!${RANDOM_WORD})(?!~)${ONE_LINE}$`);

/** The name of a variable, but not a hexadecimal word: old GitHub versions issued such tokens. */
export const ENVIRONMENT_NAME_PATTERN = new RegExp(
  `^(?!${SECRET_START})(?![0-9a-f]{32,}$)[A-Za-z_][A-Za-z0-9_]*$`,
);

/** The usual form of a variable's name, such as `GITHUB_TOKEN`. Messages repeat no other. */
const USUAL_NAME = /^[A-Z]{1,20}(?:_[A-Z0-9]{1,20})*$/;

/** @returns a phrase for an environment variable, with its name if that is safe to show */
export function showVariable(name: string): string {
  return USUAL_NAME.test(name) ? `the environment variable ${name}` : 'the environment variable';
}

/** @returns the shell command that sets the variable, with its name if that is safe to show */
export function exportCommand(name: string): string {
  return `export ${USUAL_NAME.test(name) ? name : 'NAME'}=...`;
}
