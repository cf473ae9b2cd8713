/** Checks that the files that hold secrets and certificates are there. Apart from `loadConfig`: a configuration may be checked where they are not mounted. */
import type { Config } from './config.ts';
import { readTlsFiles } from '../secrets/tls-files.ts';
import { formatPath, type DocumentPath } from '../text/document-path.ts';
import { quote } from '../text/found.ts';

/** As `node:fs` has it; throws when there is nothing. */
type Stat = (path: string) => { isFile(): boolean };

/**
 * @param stat follows symbolic links, as which Kubernetes mounts secrets
 * @param readFile for certificates and their keys; throws as `node:fs` does
 * @returns one line for each file that is missing, is none or (PEM) is malformed; empty if all is well
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
    ...(token.kind === 'tokenFile' ? [{ path: ['server', 'tokenFile'], file: token.file }] : []),
    ...[...config.connections.values()].flatMap(({ name, auth }) => {
      if (auth.kind === 'tokenFile') return [{ path: ['connections', name, 'tokenFile'], file: auth.file }];
      return auth.kind === 'app'
        ? [{ path: ['connections', name, 'app', 'privateKeyFile'], file: auth.privateKeyFile }]
        : [];
    }),
    ...[...config.registries.values()].flatMap(({ host, credentials }) =>
      credentials?.password.kind === 'passwordFile'
        ? [{ path: ['registries', host, 'passwordFile'], file: credentials.password.file }]
        : [],
    ),
    ...[...config.registries.values()].flatMap(({ host, identity }) =>
      identity?.credentialsFile === undefined
        ? []
        : [{ path: ['registries', host, 'credentialsFile'], file: identity.credentialsFile }],
    ),
    ...(config.store.kind === 'redis' && config.store.password?.kind === 'passwordFile'
      ? [{ path: ['store', 'passwordFile'], file: config.store.password.file }]
      : []),
    ...config.dockerConfigFiles.map((file, i) => ({ path: ['dockerConfigFiles', i], file })),
  ];
}
