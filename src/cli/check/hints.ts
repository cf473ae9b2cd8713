/** What to do about a probe that failed, with the keys of the configuration that it depends on. Pure. */
import type { CiConnection } from '../../config/config.ts';
import type { UpstreamFailure } from '../../errors.ts';
import type { ImageProbe } from '../../registry/client.ts';
import { isLoopback } from '../../upstream/internal-address.ts';
import { apiHost } from '../../image/reference.ts';
import { hintForConnection, type ConnectionKeys } from '../../upstream/connection-failure.ts';
import { formatPath } from '../../text/document-path.ts';
import type { Place } from './places.ts';

export function hintForCi(
  failure: UpstreamFailure,
  connection: CiConnection,
  { target, keys }: Place,
): string {
  const url = `${formatPath(['connections', connection.name, 'url'])} (${connection.url})`;
  const connectionKeys = { host: url, caFile: formatPath(['connections', connection.name, 'caFile']) };
  switch (failure.kind) {
    case 'timeout':
    case 'unreachable':
      return hintForConnection(failure, connectionKeys);
    case 'denied':
      if (failure.message.includes('single sign-on')) {
        const { remedyUrl } = failure;
        const place = remedyUrl ?? `GitHub's settings, at that token, by "Configure SSO"`;
        return `${credentialOf(connection)}; authorize it: ${place}`;
      }
      return `${credentialOf(connection)}; it needs "Actions: read" on ${target} (a classic token: the scope repo)`;
    case 'not_found':
      return `check ${keys.join(', ')}; a repository that may not be seen looks the same: ${credentialOf(connection)}`;
    case 'rate_limited':
      return connection.auth.kind === 'none'
        ? `give ${formatPath(['connections', connection.name])} a token, or wait ${describeWait(failure)}`
        : `wait ${describeWait(failure)}; who else uses this credential?`;
    case 'unavailable':
      return 'CI itself is failing; try again later';
    case 'malformed':
      return `does ${url} lead to the API (of GitHub Enterprise: https://HOST/api/v3), and not to a login page?`;
  }
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** How long the upstream said that it is; so exact that a person can plan. */
function describeWait({ retryAfterMs }: UpstreamFailure): string {
  if (retryAfterMs === undefined) return 'for the quota to come back';
  const seconds = Math.ceil(retryAfterMs / SECOND);
  const minutes = Math.ceil(retryAfterMs / MINUTE);
  return seconds < 100 ? `${seconds} more seconds` : `${minutes} more minutes`;
}

function credentialOf({ name, auth }: CiConnection): string {
  switch (auth.kind) {
    case 'none':
      return `${formatPath(['connections', name])} has no credentials: add tokenFile, tokenEnv or app (gh auth token prints one for tokenEnv)`;
    case 'tokenFile':
      return `the token is the one in the file ${auth.file}`;
    case 'tokenEnv':
      return `the token is the one in the environment variable ${auth.env}`;
    case 'app':
      return `the credential is App ${auth.id}, installation ${auth.installationId}, key ${auth.privateKeyFile}`;
  }
}

/** @param access how the registry was asked; undefined when the credentials could not be had */
export function hintForRegistry(
  failure: UpstreamFailure,
  registry: string,
  { keys }: Place,
  access: ImageProbe['access'],
): string {
  switch (failure.kind) {
    case 'timeout':
    case 'unreachable':
      return hintForConnection(failure, registryKeys(failure.host, registry, keys));
    case 'denied':
      if (access === undefined) return `check ${formatPath(['registries', registry])} and dockerConfigFiles`;
      return access.credential.kind === 'anonymous'
        ? `${describeIgnored(access.credential)}give credentials, by ${formatPath(['registries', registry])} or dockerConfigFiles, or check ${keys.join(', ')}`
        : `try these credentials with docker pull; an image that does not exist may look the same: ${keys.join(', ')}`;
    case 'not_found':
      return `check ${keys.join(', ')}`;
    case 'rate_limited':
      return access === undefined || access.credential.kind === 'anonymous'
        ? `wait ${describeWait(failure)}, or give credentials: anonymous pulls have the smallest limits`
        : `wait ${describeWait(failure)}; who else uses this credential?`;
    case 'unavailable':
      return 'the registry itself is failing; try again later';
    case 'malformed':
      if (failure.trouble !== undefined)
        return hintForConnection(failure, registryKeys(failure.host, registry, keys));
      return `is ${registry} a registry, and not a web page or a proxy?`;
  }
}

/** What `docker login` has left, and Greenpin does not use. */
function describeIgnored({ ignored }: { readonly ignored?: string | undefined }): string {
  return ignored === undefined ? '' : `${ignored}. Otherwise `;
}

/** @param host that failed: it may be the registry's token service, which has an entry of its own */
function registryKeys(host: string, registry: string, keys: readonly string[]): ConnectionKeys {
  const own = host === apiHost(registry);
  const at = (key: string) => formatPath(['registries', own ? registry : host, key]);
  return {
    host: own ? keys.join(', ') : `what ${registry} names as its token service`,
    caFile: at('caFile'),
    http: at('http'),
    isLoopback: URL.canParse(`http://${host}`) && isLoopback(new URL(`http://${host}`).hostname),
    client: `${at('certFile')} and keyFile`,
  };
}
