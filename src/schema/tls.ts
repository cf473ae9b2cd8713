/** Keys about TLS: authorities and client certificates (`registries.<host>`, `ci.<name>`). */
import { text, type KeyRule } from './fields.ts';
import { SECRET_FILE_PATTERN } from '../text/secret-patterns.ts';

function pemFile(description: string, example: string) {
  return text(SECRET_FILE_PATTERN, `the path of a PEM file, not its content, for example ${example}`).meta({
    description: `${description} A relative path starts at the configuration file's folder. It is read again when it changes.`,
    examples: [example],
  });
}

/** @param whose `this registry` */
export function caFile(whose: string) {
  return pemFile(
    `PEM file with the certificates of the authorities that ${whose} may have its own from, beside the usual ones.`,
    '/etc/greenpin/company-ca.pem',
  ).optional();
}

/** The two keys of a client certificate. */
export const clientCertificateKeys = {
  certFile: pemFile(
    'PEM file with the certificate (and its chain) that is shown to this registry; needs keyFile.',
    '/var/run/secrets/registry/tls.crt',
  ).optional(),
  keyFile: pemFile(
    "PEM file with the private key of certFile's certificate, without a passphrase.",
    '/var/run/secrets/registry/tls.key',
  ).optional(),
};

/** Both, or neither. */
export const clientCertificateRule: KeyRule = {
  explain: (present) => {
    const given = ['certFile', 'keyFile'].filter((key) => present.includes(key));
    return given.length === 1
      ? `found ${given.join()} alone, expected certFile and keyFile, or none of them`
      : undefined;
  },
  jsonSchema: { dependentRequired: { certFile: ['keyFile'], keyFile: ['certFile'] } },
};
