/** Starts and stops the plugin in order: the store, then the plugin's server and the management server. */
import type { FastifyInstance } from 'fastify';
import { createListen, joinListenErrors, type ListenAddress, type Listener } from './listen.ts';

type Server = Listener & Pick<FastifyInstance, 'close'>;

export interface PluginServerDeps {
  readonly store: { open(): Promise<void>; close(): Promise<void> };
  readonly app: Server;
  readonly management: Server;
  /** The configured addresses. */
  readonly addresses: { readonly server: ListenAddress; readonly management: ListenAddress };
  readonly warn: (message: string) => void;
}

export class PluginServer {
  readonly #deps: PluginServerDeps;

  constructor(deps: PluginServerDeps) {
    this.#deps = deps;
  }

  /**
   * @returns the URLs of each server, comma-separated (a host name may resolve to several addresses)
   * @throws ConfigError if the store cannot be opened, or an address cannot be listened on
   */
  async start(): Promise<{ readonly server: string; readonly management: string }> {
    const { store, app, management, addresses, warn } = this.#deps;
    await store.open();
    const listen = createListen(warn);
    const results = await Promise.allSettled([
      listen(app, addresses.server, 'server'),
      listen(management, addresses.management, 'management'),
    ]);
    const [main, side] = results;
    if (main.status === 'fulfilled' && side.status === 'fulfilled') {
      return { server: main.value, management: side.value };
    }
    // A server that is already listening would keep the process alive.
    await Promise.all([app.close(), management.close(), store.close()]);
    throw joinListenErrors(results);
  }

  /** Completes the calls in flight. Health and metrics remain available until then. */
  async stop(): Promise<void> {
    const { store, app, management } = this.#deps;
    await app.close();
    await management.close();
    await store.close();
  }
}
