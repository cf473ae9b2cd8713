/** Registries that need credentials or plain http: `registries.<host>` (design §3). */
import { z } from 'zod';
import { combinations, mapping, text } from '../schema/fields.ts';
import { identityKeys, identityRule } from './credentials/cloud/settings.ts';
import { ONE_LINE } from '../text/secret-patterns.ts';
import { caFile, clientCertificateKeys, clientCertificateRule } from '../schema/tls.ts';
import { secretFile, secretVariable } from '../schema/secret-source.ts';

/** Letters in lower case, as hosts are compared. A host without a dot may be a token service's. */
const HOST_PATTERN =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/;

export const registryHost = text(
  HOST_PATTERN,
  'HOST or HOST:PORT as in the image references, without scheme and path, for example ghcr.io',
  suggestHost,
);

/** A Docker configuration file writes its keys as URLs: `https://index.docker.io/v1/`. */
function suggestHost(found: string): string | undefined {
  const [host = ''] = found
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .split('/');
  const canonical = host === 'index.docker.io' ? 'docker.io' : host;
  return HOST_PATTERN.test(canonical) ? canonical : undefined;
}

const credentials = combinations(
  [[], ['username', 'passwordFile'], ['username', 'passwordEnv']],
  'username with one of passwordFile, passwordEnv, or none of them',
);

export const registrySchema = mapping(
  {
    username: text(new RegExp(`^${ONE_LINE}$`), "a user's name, for example bot")
      .optional()
      .meta({
        description: 'User to sign in as; needs one of passwordFile, passwordEnv.',
        examples: ['bot'],
      }),
    passwordFile: secretFile(
      'File with the password or token; it is read again when it changes.',
      '/var/run/secrets/ghcr/password',
    ).optional(),
    passwordEnv: secretVariable(
      'Environment variable with the password or token.',
      'GHCR_PASSWORD',
    ).optional(),
    ...identityKeys,
    http: z.boolean().optional().meta({
      description:
        'Whether to speak plain http with this registry; left out, only on loopback. https never falls back to http.',
    }),
    caFile: caFile('this registry'),
    ...clientCertificateKeys,
  },
  { title: 'Registry', description: 'How to reach and sign in to one registry.' },
  [credentials, identityRule, clientCertificateRule],
);
