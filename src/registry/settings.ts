/** Credentials and connection settings of one registry: `registries.<host>`. */
import { z } from 'zod';
import { combinations, mapping, text } from '../schema/fields.ts';
import { parseCloudHost, type CloudHost } from './credentials/cloud/hosts.ts';
import { identityKeys, identityRule } from './credentials/cloud/settings.ts';
import { ONE_LINE } from '../text/secret-patterns.ts';
import {
  caFile,
  clientCertificateKeys,
  clientCertificateRule,
  secretFile,
  secretVariable,
} from '../schema/files.ts';
import { createSecretSource, type SecretSource } from '../secrets/secret.ts';
import { createTlsFiles, type TlsFiles } from '../secrets/tls-files.ts';

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

const credentials = combinations(
  [[], ['username', 'passwordFile'], ['username', 'passwordEnv']],
  'username with one of passwordFile, passwordEnv, or none of them',
);

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
    http: z
      .boolean()
      .optional()
      .meta({
        description:
          'Whether to use plain http for this registry. Default: only on loopback. ' +
          'Greenpin never falls back from https to http.',
      }),
    caFile: caFile('this registry'),
    ...clientCertificateKeys,
  },
  { title: 'Registry', description: 'Connection and credentials of one registry.' },
  [credentials, identityRule, clientCertificateRule],
);

export interface RegistrySettings {
  /** As in image references: `ghcr.io`, `registry.local:5000`. */
  readonly host: string;
  readonly credentials?: { readonly username: string; readonly password: SecretSource } | undefined;
  /** This process's identity in the host's cloud. `roleArn` is for AWS only, `credentialsFile` for Google. */
  readonly identity?:
    | (CloudHost & { readonly roleArn: string | undefined; readonly credentialsFile: string | undefined })
    | undefined;
  /** Whether to use plain HTTP; if undefined, only on loopback. */
  readonly http?: boolean | undefined;
  readonly tls?: TlsFiles | undefined;
}

/**
 * @param entry its identity fits the host, as the cross-checks guarantee
 * @param locate resolves a path of the configuration file
 */
export function createRegistrySettings(
  host: string,
  entry: z.output<typeof registrySchema>,
  locate: (path: string) => string,
): RegistrySettings {
  const { username, passwordFile, passwordEnv, http, identity, roleArn, credentialsFile: file } = entry;
  const password = createSecretSource(passwordFile, passwordEnv, locate);
  const cloudHost = identity && parseCloudHost(host);
  const credentialsFile = file === undefined ? undefined : locate(file);
  return {
    host,
    http,
    identity: cloudHost && { ...cloudHost, roleArn, credentialsFile },
    tls: createTlsFiles(['registries', host], entry, locate),
    credentials: username !== undefined && password !== undefined ? { username, password } : undefined,
  };
}
