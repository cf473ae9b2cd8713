import { composeRegistries } from '../../src/compose/registries.ts';
import type { RegistrySettings } from '../../src/config/config.ts';
import { REGISTRY_USER } from './registry-container.ts';

export interface ClientOptions {
  readonly registries?: readonly RegistrySettings[];
  readonly dockerConfigFiles?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly warn?: (message: string) => void;
}

/** Our client, composed as in production. */
export function composeClientWith({ registries = [], dockerConfigFiles = [], ...options }: ClientOptions) {
  const { env = {}, warn = () => {} } = options;
  const observer = { requested: () => {}, quota: () => {}, freshFor: () => {} };
  const byHost = new Map(registries.map((settings) => [settings.host, settings]));
  return composeRegistries({ registries: byHost, dockerConfigFiles }, 5000, {
    env,
    now: Date.now,
    observer,
    warn,
  });
}

/** Our client, composed as in production, without any credentials or with those of one registry. */
export function composeClient(login?: { readonly host: string; readonly password: string }) {
  if (login === undefined) return composeClientWith({});
  const { username } = REGISTRY_USER;
  const password = { env: 'REGISTRY_PASSWORD' } as const;
  return composeClientWith({
    registries: [{ host: login.host, credentials: { username, password } }],
    env: { REGISTRY_PASSWORD: login.password },
  });
}
