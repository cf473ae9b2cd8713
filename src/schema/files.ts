/** Keys that name files (secrets, certificates) or the environment variables in their place. */
import { combinations, text } from './fields.ts';
import { ENVIRONMENT_NAME_PATTERN, SECRET_FILE_PATTERN } from '../text/secret-patterns.ts';

const RELATIVE = 'A relative path starts at the folder of the configuration file.';

export function secretFile(description: string, example: string) {
  return text(
    SECRET_FILE_PATTERN,
    `the path of a file that contains the secret, not the secret itself, for example ${example}`,
  ).meta({ description: `${description} ${RELATIVE}`, examples: [example] });
}

export function secretVariable(description: string, example: string) {
  return text(
    ENVIRONMENT_NAME_PATTERN,
    'the name of an environment variable that contains the secret, not the secret itself, ' +
      `for example ${example}`,
  ).meta({ description, examples: [example] });
}

function pemFile(description: string, example: string) {
  return text(SECRET_FILE_PATTERN, `the path of a PEM file, not its content, for example ${example}`)
    .meta({
      description: `${description} ${RELATIVE} The file is read again when it changes.`,
      examples: [example],
    })
    .optional();
}

/** @param whose `this registry` */
export function caFile(whose: string) {
  return pemFile(
    `PEM file with CA certificates to trust for ${whose} in addition to the default ones.`,
    '/etc/greenpin/company-ca.pem',
  );
}

export const clientCertificateKeys = {
  certFile: pemFile(
    'PEM file with the client certificate (and its chain) for this registry. Requires keyFile.',
    '/var/run/secrets/registry/tls.crt',
  ),
  keyFile: pemFile(
    'PEM file with the private key of the certificate in certFile, without a passphrase.',
    '/var/run/secrets/registry/tls.key',
  ),
};

export const clientCertificateRule = combinations(
  [[], ['certFile', 'keyFile']],
  'both certFile and keyFile, or neither',
);
