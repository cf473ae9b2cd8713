/** The schema of `registries.<host>`: credentials and connection settings of one registry. */
import { z } from 'zod';
import { mapping, text, type KeyRule } from '../schema/fields.ts';
import { identityKeys, identityRule } from './credentials/cloud/settings.ts';
import { ONE_LINE } from '../text/secret-like.ts';
import { caFile, clientCertificateKeys, clientCertificateRule } from '../schema/tls.ts';
import { secretFile, secretVariable } from '../schema/secret-source.ts';

/** Lower case, since hosts are compared as text. A host without a dot may be a token service. */
const HOST_PATTERN =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/;

export const registryHost = text(
  HOST_PATTERN,
  'HOST or HOST:PORT as in image references, without scheme and path, for example ghcr.io',
  suggestHost,
);

/** Docker's configuration files use URLs as keys: `https://index.docker.io/v1/`. */
function suggestHost(found: string): string | undefined {
  const [host = ''] = found
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .split('/');
  const canonical = host === 'index.docker.io' ? 'docker.io' : host;
  return HOST_PATTERN.test(canonical) ? canonical : undefined;
}

/** Requires a user name with one password, or neither. */
const credentials: KeyRule = {
  explain: (present) => {
    const passwords = ['passwordFile', 'passwordEnv'].filter((key) => present.includes(key));
    const given = [...(present.includes('username') ? ['username'] : []), ...passwords];
    const complete = given.length === 0 || (given.length === 2 && passwords.length === 1);
    if (complete) return undefined;
    return `found ${given.join(' and ')}, expected username with one of passwordFile, passwordEnv, or none of them`;
  },
  jsonSchema: {
    oneOf: [
      { required: ['username', 'passwordFile'] },
      { required: ['username', 'passwordEnv'] },
      {
        not: {
          anyOf: [{ required: ['username'] }, { required: ['passwordFile'] }, { required: ['passwordEnv'] }],
        },
      },
    ],
  },
};

export const registrySchema = mapping(
  {
    username: text(new RegExp(`^${ONE_LINE}$`), "a user's name, for example bot")
      .optional()
      .meta({
        description: 'User name. Requires passwordFile or passwordEnv.',
        examples: ['bot'],
      }),
    passwordFile: secretFile(
      'File that contains the password or token. Greenpin reads it again when it changes.',
      '/var/run/secrets/ghcr/password',
    ).optional(),
    passwordEnv: secretVariable(
      'Environment variable that contains the password or token.',
      'GHCR_PASSWORD',
    ).optional(),
    ...identityKeys,
    http: z.boolean().optional().meta({
      description:
        'Whether to use plain http for this registry. Default: only on loopback. Greenpin never falls back from https to http.',
    }),
    caFile: caFile('this registry'),
    ...clientCertificateKeys,
  },
  { title: 'Registry', description: 'Connection and credentials of one registry.' },
  [credentials, identityRule, clientCertificateRule],
);
