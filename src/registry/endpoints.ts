/** Locates a registry's API, and decides where the registry may send us (redirects, token services). */
import { isInternalAddress, isLoopback } from '../upstream/internal-address.ts';
import { parseKeyRegistry } from './credentials/credential.ts';
import type { RegistrySettings } from './settings.ts';
import { apiHost } from '../image/reference.ts';

export class Endpoints {
  readonly #http = new Map<string, boolean | undefined>();
  readonly #listed: ReadonlySet<string>;

  /** @param registries the configuration's `registries`; a host listed there is trusted at any address */
  constructor(registries: Readonly<Record<string, Pick<RegistrySettings, 'http'>>>) {
    for (const [key, settings] of Object.entries(registries)) {
      const registry = parseKeyRegistry(key);
      if (registry !== undefined) this.#http.set(registry, this.#http.get(registry) ?? settings.http);
    }
    const hosts = [...this.#http.keys()].filter(isHost);
    this.#listed = new Set(hosts.map((registry) => this.apiUrl(registry, '/').origin));
  }

  /** @param path below the API's root, for example `/v2/` */
  apiUrl(registry: string, path: string): URL {
    const url = new URL(`https://${apiHost(registry)}${path}`);
    // No fallback from https to http: an attacker who breaks the first connection would read the second.
    const isPlain = this.#http.get(registry) ?? isLoopback(url.hostname);
    return isPlain ? new URL(`http://${apiHost(registry)}${path}`) : url;
  }

  /**
   * Like ggcr's `validateRealmURL`: a registry must not make us call the cloud's metadata service.
   * @param from the URL whose response names `target`
   * @returns why `target` must not be requested, completing "HOST redirects to ..."; undefined if it may
   */
  explainForbidden(
    { protocol, host, hostname, origin }: URL,
    from: URL,
    registry: string,
  ): string | undefined {
    const own = this.apiUrl(registry, '/');
    if (protocol === 'http:' && from.protocol === 'https:') return `${host} over http, away from https`;
    if (protocol !== 'https:' && protocol !== 'http:') return 'an address that is not http';
    const isLocal = isLoopback(own.hostname) && isLoopback(hostname);
    if (isLocal || origin === own.origin || this.#listed.has(origin)) return undefined;
    if (protocol === 'http:') {
      return `${host} over http; if that is right, set registries.${host}.http to true`;
    }
    return isInternalAddress(hostname)
      ? `the internal address ${host}; if that is right, list ${host} under registries`
      : undefined;
  }
}

function isHost(registry: string): boolean {
  return URL.canParse(`https://${apiHost(registry)}/`);
}
