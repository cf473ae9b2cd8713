/** Advises on a failed probe, naming the configuration keys that it depends on. Pure. */
import type { CiConnection } from '../../ci/kind.ts';
import { selectKind } from '../../ci/kinds.ts';
import type { UpstreamFailure } from '../../errors.ts';
import type { ImageProbe } from '../../registry/client.ts';
import { isLoopback } from '../../upstream/internal-address.ts';
import { apiHost } from '../../image/reference.ts';
import { hintForConnection, type ConnectionKeys } from '../../upstream/connection-failure.ts';
import { formatPath } from '../../text/document-path.ts';
import type { Place } from './places.ts';

export function hintForCi(failure: UpstreamFailure, connection: CiConnection, { keys }: Place): string {
  const { words } = selectKind(connection.kind);
  const url = `${formatPath(['connections', connection.name, 'url'])} (${connection.url})`;
  const connectionKeys = { host: url, caFile: formatPath(['connections', connection.name, 'caFile']) };
  switch (failure.kind) {
    case 'timeout':
    case 'unreachable':
      return hintForConnection(failure, connectionKeys);
    case 'denied':
      if (words.singleSignOn !== undefined && failure.message.includes('single sign-on')) {
        return `${describeCredential(connection)}; authorize it: ${failure.remedyUrl ?? words.singleSignOn}`;
      }
      return `${describeCredential(connection)}; it needs ${words.runsPermission}`;
    case 'not_found':
      return `check ${[...keys, url].join(', ')}; what may not be seen looks the same: ${describeCredential(connection)}`;
    case 'rate_limited':
      return connection.auth.kind === 'none'
        ? `give ${formatPath(['connections', connection.name])} a token, or wait ${describeWait(failure)}`
        : `wait ${describeWait(failure)}; who else uses this credential?`;
    case 'unavailable':
      return 'CI itself is failing; try again later';
    case 'malformed':
      if (failure.trouble !== undefined) return hintForConnection(failure, connectionKeys);
      return `does ${url} lead to the API (${words.urlExample}), and not to a login page?`;
  }
}

/** @returns how long to wait, exact enough to plan with */
function describeWait({ retryAfterMs }: UpstreamFailure): string {
  if (retryAfterMs === undefined) return 'for the quota to come back';
  const seconds = Math.ceil(retryAfterMs / 1_000);
  return seconds < 100 ? `${seconds} more seconds` : `${Math.ceil(retryAfterMs / 60_000)} more minutes`;
}

function describeCredential({ name, kind, auth }: CiConnection): string {
  switch (auth.kind) {
    case 'none':
      return `${formatPath(['connections', name])} has no credentials: ${selectKind(kind).words.addCredentials}`;
    case 'token':
      return 'file' in auth.source
        ? `the token is the one in the file ${auth.source.file}`
        : `the token is the one in the environment variable ${auth.source.env}`;
    case 'app':
      return `the credential is App ${auth.id}, installation ${auth.installationId}, key ${auth.privateKeyFile}`;
  }
}

/** @param access the credentials sent; undefined if they could not be obtained */
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
        ? `${access.credential.ignored ? `${access.credential.ignored}. Otherwise ` : ''}give credentials, by ${formatPath(['registries', registry])} or dockerConfigFiles, or check ${keys.join(', ')}`
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

/** @param host the host that failed: it may be the registry's token service, which has its own entry */
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
