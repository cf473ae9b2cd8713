/** Checks that the files with secrets and certificates exist and are usable. */
import type { Config } from './config.ts';
import { readTlsFiles } from '../secrets/tls-files.ts';
import { formatPath, type DocumentPath } from '../text/document-path.ts';
import { quote } from '../text/quote.ts';

/** As in `node:fs`; throws if there is no file. */
type Stat = (path: string) => { isFile(): boolean };

/**
 * @param stat must follow symlinks, because Kubernetes mounts secrets as symlinks
 * @param readFile reads certificates and their keys; throws as `node:fs` does
 * @returns one line per file that is missing, is not a regular file, or contains invalid PEM
 */
export function checkSecretFiles(config: Config, stat: Stat, readFile: (path: string) => string): string[] {
  const secrets = listSecretFiles(config).flatMap(({ path, file }) => {
    const found = describeFile(file, stat);
    return found === undefined
      ? []
      : [`${formatPath(path)}: found ${found} at ${quote(file)}, expected a file`];
  });
  const certificates = [...config.connections.values(), ...config.registries.values()].flatMap(({ tls }) => {
    const reading = tls && readTlsFiles(tls, readFile);
    return reading?.kind === 'unusable' ? reading.problems : [];
  });
  return [...secrets, ...certificates].map((problem) => `${config.file} ${problem}`);
}

function describeFile(file: string, stat: Stat): string | undefined {
  try {
    return stat(file).isFile() ? undefined : 'a directory or device';
  } catch {
    return 'nothing';
  }
}

function listSecretFiles(config: Config): { path: DocumentPath; file: string }[] {
  const { token } = config.server;
  return [
    ...('file' in token ? [{ path: ['server', 'tokenFile'], file: token.file }] : []),
    ...[...config.connections.values()].flatMap(({ name, auth }) => {
      if (auth.kind === 'token' && 'file' in auth.source)
        return [{ path: ['connections', name, 'tokenFile'], file: auth.source.file }];
      return auth.kind === 'app'
        ? [{ path: ['connections', name, 'app', 'privateKeyFile'], file: auth.privateKeyFile }]
        : [];
    }),
    ...[...config.registries.values()].flatMap(({ host, credentials }) =>
      credentials !== undefined && 'file' in credentials.password
        ? [{ path: ['registries', host, 'passwordFile'], file: credentials.password.file }]
        : [],
    ),
    ...[...config.registries.values()].flatMap(({ host, identity }) =>
      identity?.credentialsFile === undefined
        ? []
        : [{ path: ['registries', host, 'credentialsFile'], file: identity.credentialsFile }],
    ),
    ...(config.store.kind === 'redis' &&
    config.store.password !== undefined &&
    'file' in config.store.password
      ? [{ path: ['store', 'passwordFile'], file: config.store.password.file }]
      : []),
    ...config.dockerConfigFiles.map((file, i) => ({ path: ['dockerConfigFiles', i], file })),
  ];
}
