/** Checks that secret and certificate files exist and are usable. */
import { readFileSync, statSync } from 'node:fs';
import type { Config } from './config.ts';
import type { SecretSource } from '../secrets/secret.ts';
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
export function checkSecretFiles(
  config: Config,
  stat: Stat = statSync,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): string[] {
  const secrets = listSecretFiles(config).flatMap(({ path, file }) => {
    const found = describeFile(file, stat);
    if (found === undefined) return [];
    return [`${formatPath(path)}: found ${found} at ${quote(file)}, expected a file`];
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

function listSecretFiles({ server, connections, registries, store, dockerConfigFiles }: Config) {
  const found: { path: DocumentPath; file: string }[] = [];
  const add = (path: DocumentPath, source: SecretSource | string | undefined) => {
    const file = typeof source === 'object' && 'file' in source ? source.file : source;
    if (typeof file === 'string') found.push({ path, file });
  };
  add(['server', 'tokenFile'], server.token);
  for (const { name, auth } of connections.values()) {
    if (auth.kind === 'token') add(['connections', name, 'tokenFile'], auth.source);
    if (auth.kind === 'app') add(['connections', name, 'app', 'privateKeyFile'], auth.privateKeyFile);
  }
  for (const { host, credentials, identity } of registries.values()) {
    add(['registries', host, 'passwordFile'], credentials?.password);
    add(['registries', host, 'credentialsFile'], identity?.credentialsFile);
  }
  if (store.kind === 'redis') add(['store', 'passwordFile'], store.password);
  for (const [i, file] of dockerConfigFiles.entries()) add(['dockerConfigFiles', i], file);
  return found;
}
