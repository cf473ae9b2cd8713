/** Keys that say where a secret is: a file or an environment variable. */
import { text } from './fields.ts';
import { ENVIRONMENT_NAME_PATTERN, SECRET_FILE_PATTERN } from '../text/secret-patterns.ts';

const RELATIVE = 'A relative path starts at the folder of the configuration file.';

/** The path of a file that contains a secret. */
export function secretFile(description: string, example: string) {
  return text(
    SECRET_FILE_PATTERN,
    `the path of a file that contains the secret, not the secret itself, for example ${example}`,
  ).meta({ description: `${description} ${RELATIVE}`, examples: [example] });
}

/** The name of an environment variable that contains a secret. */
export function secretVariable(description: string, example: string) {
  return text(
    ENVIRONMENT_NAME_PATTERN,
    `the name of an environment variable that contains the secret, not the secret itself, for example ${example}`,
  ).meta({ description, examples: [example] });
}
