import { Wait } from 'testcontainers';
import type { Certificate } from '../fixtures/certificates.ts';
import { createContainer } from './containers.ts';
import type { RegistryImage } from './registry-image.ts';

export interface RegistryOptions {
  /** Overrides of distribution's configuration: `REGISTRY_AUTH`, `REGISTRY_HTTP_TLS_KEY` and so on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files in the container that `env` points to. */
  readonly files?: readonly { readonly content: string; readonly target: string }[];
  /** It speaks https, perhaps only with clients that have a certificate. */
  readonly tls?: boolean;
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

/** @param clientCa an authority: clients must have a certificate of it */
export function tlsOptions({ cert, key }: Certificate, clientCa?: string): RegistryOptions {
  const clients = clientCa === undefined ? '' : ', clientcas: [/tls/clients.pem]';
  const config = [
    'version: 0.1',
    'storage: {filesystem: {rootdirectory: /var/lib/registry}}',
    `http: {addr: ":5000", tls: {certificate: /tls/cert.pem, key: /tls/key.pem${clients}}}`,
  ];
  return {
    tls: true,
    files: [
      // Variables cannot set a list.
      { content: config.join('\n'), target: '/etc/docker/registry/config.yml' },
      { content: cert, target: '/tls/cert.pem' },
      { content: key, target: '/tls/key.pem' },
      ...(clientCa === undefined ? [] : [{ content: clientCa, target: '/tls/clients.pem' }]),
    ],
  };
}

/**
 * @param image as `inject('registryImage')` gives it
 * @returns an empty registry that answers, on loopback
 */
export async function startRegistry(
  image: RegistryImage,
  options: RegistryOptions = {},
): Promise<RunningRegistry> {
  if (!image.available) throw new Error(image.reason);
  const port = 5000;
  const answers = options.tls
    ? Wait.forLogMessage(/listening on .*tls/)
    : Wait.forHttp('/v2/', port, { abortOnContainerExit: true })
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
