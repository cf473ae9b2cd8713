import { composeRegistries } from '../../src/compose.ts';
import { REGISTRY_USER } from './registry-container.ts';

/** Our client, composed as in production, without any credentials or with those of one registry. */
export function composeClient(login?: { readonly host: string; readonly password: string }) {
  const { username } = REGISTRY_USER;
  const password = { kind: 'passwordEnv', env: 'REGISTRY_PASSWORD' } as const;
  const registries =
    login === undefined
      ? new Map()
      : new Map([[login.host, { host: login.host, credentials: { username, password } }]]);
  const world = {
    env: { REGISTRY_PASSWORD: login?.password },
    now: Date.now,
    observer: { requested: () => {}, quota: () => {} },
    warn: () => {},
  };
  return composeRegistries({ registries, dockerConfigFiles: [] }, 5000, world);
}
