/** Where a registry's API is, and where the registry may send us (redirects, token services). */
import { isInternalAddress, isLoopback } from '../upstream/internal-address.ts';
import { parseKeyRegistry } from './credentials/credential.ts';
import type { RegistrySettings } from './settings.ts';
import { apiHost } from '../image/reference.ts';

export interface Endpoints {
  /** @param path below the API's root, for example `/v2/` */
  apiUrl(registry: string, path: string): URL;
  /**
   * @param from the URL whose answer names `target`
   * @returns why `target` must not be requested, completing "HOST redirects to ..."; undefined if it may
   */
  explainForbidden(target: URL, from: URL, registry: string): string | undefined;
}

/** @param registries the configuration's `registries`; a host listed there is trusted at any address */
export function createEndpoints(
  registries: Readonly<Record<string, Pick<RegistrySettings, 'http'>>>,
): Endpoints {
  const http = new Map<string, boolean | undefined>();
  for (const [key, settings] of Object.entries(registries)) {
    const registry = parseKeyRegistry(key);
    if (registry !== undefined) http.set(registry, http.get(registry) ?? settings.http);
  }

  function apiUrl(registry: string, path: string): URL {
    const url = new URL(`https://${apiHost(registry)}${path}`);
    // No fallback from https to http: an attacker who breaks the first connection would read the second.
    return (http.get(registry) ?? isLoopback(url.hostname))
      ? new URL(`http://${apiHost(registry)}${path}`)
      : url;
  }

  const listed = new Set([...http.keys()].filter(isHost).map((registry) => apiUrl(registry, '/').origin));

  /** Like ggcr's `validateRealmURL`: a registry must not make us call the cloud's metadata service. */
  function explainForbidden(target: URL, from: URL, registry: string): string | undefined {
    const own = apiUrl(registry, '/');
    if (target.protocol === 'http:' && from.protocol === 'https:')
      return `${target.host} over http, away from https`;
    if (target.protocol !== 'https:' && target.protocol !== 'http:') return 'an address that is not http';
    const loopbackToLoopback = isLoopback(own.hostname) && isLoopback(target.hostname);
    if (loopbackToLoopback || target.origin === own.origin || listed.has(target.origin)) return undefined;
    if (target.protocol === 'http:') {
      return `${target.host} over http; if that is right, set registries.${target.host}.http to true`;
    }
    if (isInternalAddress(target.hostname)) {
      return `the internal address ${target.host}; if that is right, list ${target.host} under registries`;
    }
    return undefined;
  }

  return { apiUrl, explainForbidden };
}

function isHost(registry: string): boolean {
  return URL.canParse(`https://${apiHost(registry)}/`);
}
