/** TLS keys: CA certificates and client certificates (`registries.<host>`, `connections.<name>`). */
import { combinations, text } from './fields.ts';
import { SECRET_FILE_PATTERN } from '../text/secret-patterns.ts';

function pemFile(description: string, example: string) {
  return text(SECRET_FILE_PATTERN, `the path of a PEM file, not its content, for example ${example}`).meta({
    description: `${description} A relative path starts at the folder of the configuration file. The file is read again when it changes.`,
    examples: [example],
  });
}

/** @param whose `this registry` */
export function caFile(whose: string) {
  return pemFile(
    `PEM file with CA certificates to trust for ${whose} in addition to the default ones.`,
    '/etc/greenpin/company-ca.pem',
  ).optional();
}

/** The two keys of a client certificate. */
export const clientCertificateKeys = {
  certFile: pemFile(
    'PEM file with the client certificate (and its chain) for this registry. Requires keyFile.',
    '/var/run/secrets/registry/tls.crt',
  ).optional(),
  keyFile: pemFile(
    'PEM file with the private key of the certificate in certFile, without a passphrase.',
    '/var/run/secrets/registry/tls.key',
  ).optional(),
};

export const clientCertificateRule = combinations(
  [[], ['certFile', 'keyFile']],
  'both certFile and keyFile, or neither',
);
