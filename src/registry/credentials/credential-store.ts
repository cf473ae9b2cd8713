/** Finds the credential for an image in files and variables, which may change at run time. */
import { UpstreamError } from '../../errors.ts';
import {
  createPasswordCredential,
  matchCredential,
  parseKeyRegistry,
  type Credential,
  type CredentialEntry,
  type CredentialProblem,
} from './credential.ts';
import { parseDockerConfig, type DockerConfig } from './docker-config.ts';
import type { Identity } from './cloud/identity.ts';
import { imageRepository } from '../../image/reference.ts';
import type { FetchHttp } from '../transport.ts';
import { createWatchedFile, type FileAccess } from '../../secrets/watched-file.ts';
import type { Clock } from '../../clock.ts';
import type { ImageReference } from '../../image/image.ts';

/** The credentials of one entry of `registries`. */
export interface ConfiguredLogin {
  /** Replaces the other properties: fetches and renews the credential on demand. */
  readonly identity?: Pick<Identity, 'fetchCredential'>;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly passwordEnv?: string;
}

export interface CredentialStoreDeps {
  /** By registry, or registry and path prefix. Entries without `identity` and `username` are ignored. */
  readonly registries: Readonly<Record<string, ConfiguredLogin>>;
  readonly dockerConfigFiles: readonly string[];
  readonly files: FileAccess;
  readonly readEnvironment: (name: string) => string | undefined;
  readonly now: Clock;
  readonly warn: (message: string) => void;
}

/** What a key maps to: a credential, a provider of one, or the reason why there is none. */
type Entry =
  | CredentialEntry
  | { readonly key: string; readonly identity: Pick<Identity, 'fetchCredential'> }
  | CredentialProblem;

type Source = () => Promise<readonly Entry[]>;

/**
 * An unreadable credential makes the query fail. Without it, or with a less specific one, a registry that
 * hides private images would report them as absent. The same holds for a file that was never readable,
 * whatever other sources contain, unless an entry of `registries` names the image's host literally.
 * @returns a function that returns the best match, or `anonymous` if none is configured for the image. It
 *   throws UpstreamError: `denied`, or a failure of an identity's cloud
 */
export function createCredentialStore(
  deps: CredentialStoreDeps,
): (reference: ImageReference, fetchHttp: FetchHttp) => Promise<Credential> {
  const configured = Object.entries(deps.registries).flatMap(([key, login]) =>
    createLoginSource(key, login, deps),
  );
  const files = deps.dockerConfigFiles.map((path) => createFileSource(path, deps));

  return async (reference, fetchHttp) => {
    const entries = (await Promise.all(configured.map((read) => read()))).flat();
    const read = await Promise.allSettled(files.map((source) => source()));
    const contents = read.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const fromFiles = contents.flatMap(({ credentials, problems }) => [...credentials, ...problems]);
    const match = matchCredential([...entries, ...fromFiles], reference);
    const unreadable = read.find((result) => result.status === 'rejected')?.reason;
    const isExplicit = match !== undefined && entries.includes(match) && namesHost(match, reference);
    if (unreadable instanceof Error && !isExplicit) throw createUnusableError(reference, unreadable.message);
    if (match !== undefined && 'credential' in match) return match.credential;
    if (match !== undefined && 'identity' in match) return match.identity.fetchCredential(fetchHttp);
    if (match !== undefined) throw createUnusableError(reference, match.problem);
    return createAnonymous(reference, contents);
  };
}

/** Includes a warning about the credential helper that Docker would have run. */
function createAnonymous({ registry }: ImageReference, contents: readonly DockerConfig[]): Credential {
  const source = 'no configured credentials';
  const helper = contents
    .flatMap(({ helpers }) => helpers)
    .find(({ key }) => key === undefined || parseKeyRegistry(key) === registry.toLowerCase());
  return { kind: 'anonymous', source, ignored: helper?.warning };
}

function namesHost({ key }: Entry, { registry }: ImageReference): boolean {
  return parseKeyRegistry(key) === registry.toLowerCase();
}

function createLoginSource(key: string, login: ConfiguredLogin, deps: CredentialStoreDeps): Source[] {
  const { identity, username } = login;
  if (identity !== undefined) return [async () => [{ key, identity }]];
  if (username === undefined) return [];
  const source = `registries.${key} in the configuration`;
  const readPassword = createPasswordReader(login, deps);
  return [
    async () => {
      try {
        return [{ key, credential: createPasswordCredential(username, await readPassword(), source) }];
      } catch (error) {
        return [{ key, problem: `${source}: ${error instanceof Error ? error.message : 'no password'}` }];
      }
    },
  ];
}

function createPasswordReader(login: ConfiguredLogin, deps: CredentialStoreDeps): () => Promise<string> {
  const { passwordFile, passwordEnv } = login;
  if (passwordFile !== undefined) {
    return createWatchedFile({
      ...deps,
      path: passwordFile,
      parse: (text) => parsePassword(text, passwordFile),
    });
  }
  return async () => {
    if (passwordEnv === undefined) throw new Error('expected passwordFile or passwordEnv');
    return parsePassword(deps.readEnvironment(passwordEnv) ?? '', `the environment variable ${passwordEnv}`);
  };
}

/** Strips the final line break, which editors and `echo` add. */
function parsePassword(text: string, where: string): string {
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new Error(`${where} is empty or not set; expected the password`);
  return password;
}

function createFileSource(path: string, deps: CredentialStoreDeps): () => Promise<DockerConfig> {
  let good: readonly CredentialEntry[] = [];
  return createWatchedFile({
    ...deps,
    path,
    parse: (text) => {
      const config = parseDockerConfig(text, path);
      for (const warning of config.warnings) deps.warn(warning);
      const kept = keepLastGood(config, good, deps.warn);
      good = kept.credentials;
      return kept;
    },
  });
}

/** Keeps the last good value of an entry that becomes malformed, as is done for whole files. */
function keepLastGood(
  config: DockerConfig,
  good: readonly CredentialEntry[],
  warn: (message: string) => void,
): DockerConfig {
  const broken = new Map(config.problems.map(({ key, problem }) => [key, problem]));
  const kept = good.filter(({ key }) => broken.has(key));
  for (const { key } of kept) {
    warn(`${broken.get(key)}; its last good value remains in use`);
    broken.delete(key);
  }
  const problems = [...broken].map(([key, problem]) => ({ key, problem }));
  return { ...config, credentials: [...config.credentials, ...kept], problems };
}

function createUnusableError(reference: ImageReference, problem: string): UpstreamError {
  return new UpstreamError({
    kind: 'denied',
    host: reference.registry,
    message: `${imageRepository(reference)} was not queried because its credentials cannot be read: ${problem}`,
  });
}
