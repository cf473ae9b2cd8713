/** What to do about a probe that failed, with the keys of the configuration that it depends on. Pure. */
import type { CiConnection } from '../config/config.ts';
import { formatPath } from '../config/problem.ts';
import type { UpstreamFailureKind } from '../errors.ts';
import type { ImageProbe } from '../registry/client.ts';
import type { Place } from './check-findings.ts';

export function hintForCi(
  kind: UpstreamFailureKind,
  connection: CiConnection,
  { target, keys }: Place,
): string {
  const url = `${formatPath(['ci', connection.name, 'url'])} (${connection.url})`;
  switch (kind) {
    case 'timeout':
      return `check the route to ${connection.url}: a firewall or a proxy in between? or is server.deadline too short?`;
    case 'unreachable':
      return `check ${url}, DNS and the route from here; an authority of your own goes into ${formatPath(['ci', connection.name, 'caFile'])}`;
    case 'denied':
      return `${credentialOf(connection)}; it takes "Actions: read" on ${target} (a classic token: the scope repo)`;
    case 'not_found':
      return `check ${keys.join(', ')}; a repository that may not be seen looks the same: ${credentialOf(connection)}`;
    case 'rate_limited':
      return connection.auth.kind === 'none'
        ? `give ${formatPath(['ci', connection.name])} a token, or wait for the quota to come back`
        : 'wait for the quota to come back; who else uses this credential?';
    case 'unavailable':
      return 'CI has a fault of its own; try again later';
    case 'malformed':
      return `does ${url} lead to the API (of GitHub Enterprise: https://HOST/api/v3), and not to a login page?`;
  }
}

function credentialOf({ name, auth }: CiConnection): string {
  switch (auth.kind) {
    case 'none':
      return `${formatPath(['ci', name])} has no credentials: add tokenFile, tokenEnv or app`;
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
  kind: UpstreamFailureKind,
  registry: string,
  { keys }: Place,
  access: ImageProbe['access'],
): string {
  switch (kind) {
    case 'timeout':
      return `check the route to ${registry}: a firewall or a proxy in between? or is server.deadline too short?`;
    case 'unreachable':
      return `check host, port and certificate (an authority of your own goes into caFile); without TLS it takes ${formatPath(['registries', registry, 'http'])}: true`;
    case 'denied':
      if (access === undefined) return `check ${formatPath(['registries', registry])} and dockerConfigFiles`;
      return access.credential.kind === 'anonymous'
        ? `give credentials, by ${formatPath(['registries', registry])} or dockerConfigFiles, or check ${keys.join(', ')}`
        : `try these credentials with docker pull; an image that does not exist may look the same: ${keys.join(', ')}`;
    case 'not_found':
      return `check ${keys.join(', ')}`;
    case 'rate_limited':
      return access === undefined || access.credential.kind === 'anonymous'
        ? 'wait, or give credentials: anonymous pulls have the smallest limits'
        : 'wait; who else uses this credential?';
    case 'unavailable':
      return 'the registry has a fault of its own; try again later';
    case 'malformed':
      return `is ${registry} a registry, and not a web page or a proxy?`;
  }
}
