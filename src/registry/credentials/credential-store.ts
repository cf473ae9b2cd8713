/** Finds the credential for an image in files and variables, which may change at run time. */
import { UpstreamError } from '../../errors.ts';
import { createPasswordCredential, matchCredential, parseKeyRegistry } from './credential.ts';
import type { Credential, CredentialEntry, CredentialProblem } from './credential.ts';
import { parseDockerConfig, type DockerConfig } from './docker-config.ts';
import type { Identity } from './cloud/identity.ts';
import { imageRepository } from '../../image/reference.ts';
import type { FetchHttp } from '../transport.ts';
import { createReloader, readText } from '../../secrets/reload.ts';
import { createSecretReader, type SecretDeps, type SecretSource } from '../../secrets/secret.ts';
import type { ImageReference } from '../../image/image.ts';

/** The credentials of one entry of `registries`. */
export interface ConfiguredCredentials {
  /** Replaces the login: fetches and renews the credential on demand. */
  readonly identity?: Pick<Identity, 'fetchCredential'> | undefined;
  readonly login?: { readonly username: string; readonly password: SecretSource } | undefined;
}

export interface CredentialStoreDeps extends SecretDeps {
  /** By registry, or registry and path prefix. */
  readonly registries: Readonly<Record<string, ConfiguredCredentials>>;
  readonly dockerConfigFiles: readonly string[];
}

/** What a key maps to: a credential, a provider of one, or the reason why there is none. */
type Entry =
  | CredentialEntry
  | { readonly key: string; readonly identity: Pick<Identity, 'fetchCredential'> }
  | CredentialProblem;

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
  const configured = Object.entries(deps.registries).flatMap(([key, credentials]) =>
    createEntryReader(key, credentials, deps),
  );
  const files = deps.dockerConfigFiles.map((path) => createFileReader(path, deps));

  return async (reference, fetchHttp) => {
    const entries = configured.map((read) => read());
    const results = files.map((read) => read());
    const contents = results.filter((result) => typeof result === 'object');
    const fromFiles = contents.flatMap(({ credentials, problems }) => [...credentials, ...problems]);
    const match = matchCredential([...entries, ...fromFiles], reference);
    const unreadable = results.find((result) => typeof result === 'string');
    const isExplicit = match !== undefined && entries.includes(match) && namesHost(match, reference);
    if (unreadable !== undefined && !isExplicit) throw createUnusableError(reference, unreadable);
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

function createEntryReader(
  key: string,
  { identity, login }: ConfiguredCredentials,
  deps: SecretDeps,
): (() => Entry)[] {
  if (identity !== undefined) return [() => ({ key, identity })];
  if (login === undefined) return [];
  const source = `registries.${key} in the configuration`;
  const readPassword = createSecretReader(login.password, deps);
  return [
    () => {
      try {
        return { key, credential: createPasswordCredential(login.username, readPassword(), source) };
      } catch (error) {
        return { key, problem: `${source}: ${error instanceof Error ? error.message : 'no password'}` };
      }
    },
  ];
}

/** @returns a reader that warns of a file that was never readable, and returns the problem */
function createFileReader(path: string, { warn }: SecretDeps): () => DockerConfig | string {
  let good: readonly CredentialEntry[] = [];
  let reported: string | undefined;
  const load = () => {
    const config = parseDockerConfig(readText(path), path);
    for (const warning of config.warnings) warn(warning);
    const kept = keepLastGood(config, good, warn);
    good = kept.credentials;
    return kept;
  };
  const read = createReloader([path], load, { warn });
  return () => {
    try {
      return read();
    } catch (error) {
      const problem = error instanceof Error ? error.message : `${path} cannot be read`;
      if (problem !== reported) warn(problem);
      reported = problem;
      return problem;
    }
  };
}

/** Keeps the last good value of an entry that becomes malformed, as for whole files. */
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
    message:
      `${imageRepository(reference)} was not queried because its credentials cannot be read: ` + problem,
  });
}
