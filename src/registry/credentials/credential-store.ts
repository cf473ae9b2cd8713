/** Finds the credential of an image among the configured sources; they are files and variables that change while the process runs. */
import { UpstreamError } from '../../errors.ts';
import {
  createPasswordCredential,
  matchCredential,
  registryOfKey,
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

/** The credentials of one entry of `registries` (design §3). */
export interface ConfiguredLogin {
  /** Instead of the others: gives (and renews) the credential when it is asked for. */
  readonly identity?: Pick<Identity, 'fetchCredential'>;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly passwordEnv?: string;
}

export interface CredentialStoreDeps {
  /** By registry, or registry and path prefix; entries without `identity` and `username` are passed over. */
  readonly registries: Readonly<Record<string, ConfiguredLogin>>;
  readonly dockerConfigFiles: readonly string[];
  readonly files: FileAccess;
  readonly readEnvironment: (name: string) => string | undefined;
  readonly now: Clock;
  readonly warn: (message: string) => void;
}

/** What stands under a key: a credential, what gives one, or why there is none. */
type Entry =
  | CredentialEntry
  | { readonly key: string; readonly identity: Pick<Identity, 'fetchCredential'> }
  | CredentialProblem;

type Source = () => Promise<readonly Entry[]>;

/**
 * A configured credential that cannot be read makes the request fail: going on without it, or with a less specific one, a registry
 * that hides private images would answer that there is none. So does a file that was never readable, whatever the others hold; only
 * an entry of `registries` that writes out the image's very host is used all the same.
 * @returns the best matching credential, `anonymous` when none is configured for the image
 * @throws UpstreamError, from the function that is returned: `denied`, or what an identity's cloud met with
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
    const inFiles = contents.flatMap(({ credentials, problems }) => [...credentials, ...problems]);
    const match = matchCredential([...entries, ...inFiles], reference);
    const unreadable = read.find((result) => result.status === 'rejected')?.reason;
    const isExplicit = match !== undefined && entries.includes(match) && namesHost(match, reference);
    if (unreadable instanceof Error && !isExplicit) throw unusable(reference, unreadable.message);
    if (match !== undefined && 'credential' in match) return match.credential;
    if (match !== undefined && 'identity' in match) return match.identity.fetchCredential(fetchHttp);
    if (match !== undefined) throw unusable(reference, match.problem);
    return createAnonymous(reference, contents);
  };
}

/** With the helper that Docker would have asked. */
function createAnonymous({ registry }: ImageReference, contents: readonly DockerConfig[]): Credential {
  const source = 'no configured credentials';
  const helper = contents
    .flatMap(({ helpers }) => helpers)
    .find(({ key }) => key === undefined || registryOfKey(key) === registry.toLowerCase());
  return { kind: 'anonymous', source, ...(helper !== undefined && { ignored: helper.warning }) };
}

function namesHost({ key }: Entry, { registry }: ImageReference): boolean {
  return registryOfKey(key) === registry.toLowerCase();
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

/** Editors and `echo` end a file with a line break that is no part of the password. */
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
      const kept = keepGood(config, good, deps.warn);
      good = kept.credentials;
      return kept;
    },
  });
}

/** An entry that turns malformed is what a file is that does: its last good value stays in use. */
function keepGood(
  config: DockerConfig,
  good: readonly CredentialEntry[],
  warn: (message: string) => void,
): DockerConfig {
  const broken = new Map(config.problems.map(({ key, problem }) => [key, problem]));
  const kept = good.filter(({ key }) => broken.has(key));
  for (const { key } of kept) {
    warn(`${broken.get(key)}; its last good value stays in use`);
    broken.delete(key);
  }
  const problems = [...broken].map(([key, problem]) => ({ key, problem }));
  return { ...config, credentials: [...config.credentials, ...kept], problems };
}

function unusable(reference: ImageReference, problem: string): UpstreamError {
  return new UpstreamError({
    kind: 'denied',
    host: reference.registry,
    message: `${imageRepository(reference)} was not asked for, since its credentials cannot be read: ${problem}`,
  });
}
