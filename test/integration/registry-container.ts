import { Wait } from 'testcontainers';
import { createContainer } from './containers.ts';
import type { RegistryImage } from './registry-image.ts';

export interface RegistryOptions {
  /** Overrides of distribution's configuration: `REGISTRY_AUTH`, `REGISTRY_HTTP_TLS_KEY` and so on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files in the container that `env` points to. */
  readonly files?: readonly { readonly content: string; readonly target: string }[];
}

export interface RunningRegistry {
  /** `127.0.0.1:32768`. */
  readonly host: string;
  stop(): Promise<void>;
}

/** A user of `HTPASSWD_AUTH`; it exists in test containers only. */
export const REGISTRY_USER = { username: 'greenpin', password: 'loopback-only' };

/** Basic authentication for every request; the hash is bcrypt (the only kind that distribution takes) of cost 4. */
export const HTPASSWD_AUTH: RegistryOptions = {
  env: {
    REGISTRY_AUTH: 'htpasswd',
    REGISTRY_AUTH_HTPASSWD_REALM: 'greenpin-test',
    REGISTRY_AUTH_HTPASSWD_PATH: '/auth/htpasswd',
  },
  files: [
    {
      content: `${REGISTRY_USER.username}:$2b$04$wcqAqtOd6nwH.xJByhNqk.Uo5OJ4iO8qBTYmXIKkFokt7sTXaaaFW\n`,
      target: '/auth/htpasswd',
    },
  ],
};

/**
 * @param image as `inject('registryImage')` gives it
 * @returns an empty registry that answers, over http on loopback
 */
export async function startRegistry(
  image: RegistryImage,
  options: RegistryOptions = {},
): Promise<RunningRegistry> {
  if (!image.available) throw new Error(image.reason);
  const port = 5000;
  const answers = Wait.forHttp('/v2/', port, { abortOnContainerExit: true })
    .forStatusCodeMatching((status) => status === 200 || status === 401)
    .withReadTimeout(200);
  const container = await createContainer(image.name, port)
    .withEnvironment({ ...options.env })
    .withCopyContentToContainer([...(options.files ?? [])])
    .withWaitStrategy(answers)
    .withStartupTimeout(30_000)
    .start();
  return {
    host: `${container.getHost()}:${container.getMappedPort(port)}`,
    stop: async () => {
      await container.stop();
    },
  };
}
