/** Keys that say where a secret lies: a file or an environment variable. */
import { text } from './fields.ts';
import { ENVIRONMENT_NAME_PATTERN, SECRET_FILE_PATTERN } from '../text/secret-patterns.ts';

const RELATIVE = "A relative path starts at the configuration file's folder.";

/** The path of a file that holds a secret. */
export function secretFile(description: string, example: string) {
  return text(
    SECRET_FILE_PATTERN,
    `the path of a file that holds the secret, not the secret itself, for example ${example}`,
  ).meta({ description: `${description} ${RELATIVE}`, examples: [example] });
}

/** The name of an environment variable that holds a secret. */
export function secretVariable(description: string, example: string) {
  return text(
    ENVIRONMENT_NAME_PATTERN,
    `the name of an environment variable that holds the secret, not the secret itself, for example ${example}`,
  ).meta({ description, examples: [example] });
}
