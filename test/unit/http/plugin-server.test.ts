import { expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.ts';
import { PluginServer } from '../../../src/http/plugin-server.ts';

const ADDRESSES = { server: { host: '::1', port: 4355 }, management: { host: '::1', port: 9464 } };

/** A plugin server whose parts only record what happens to them. */
function createServer(fails: { readonly server?: boolean; readonly management?: boolean } = {}) {
  const events: string[] = [];
  const part = (name: string, fail = false) => ({
    async listen({ port }: { port: number }) {
      events.push(`${name} listens on ${port}`);
      if (fail) throw Object.assign(new Error('taken'), { code: 'EADDRINUSE' });
    },
    addresses: () => [`http://${name}`],
    close: async () => void events.push(`${name} closed`),
  });
  const server = new PluginServer({
    store: {
      open: async () => void events.push('store opened'),
      close: async () => void events.push('store closed'),
    },
    app: part('server', fails.server) as never,
    management: part('management', fails.management) as never,
    addresses: ADDRESSES,
    warn: () => undefined,
  });
  return { server, events };
}

it('opens the store before it listens, and closes it last', async () => {
  const { server, events } = createServer();
  expect(await server.start()).toEqual({ server: 'http://server', management: 'http://management' });
  await server.stop();
  expect(events).toEqual([
    'store opened',
    'server listens on 4355',
    'management listens on 9464',
    'server closed',
    'management closed',
    'store closed',
  ]);
});

it('closes everything when one address is taken, and reports every taken address', async () => {
  const { server, events } = createServer({ server: true, management: true });
  const failure = await server.start().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigError);
  expect((failure as ConfigError).problems).toHaveLength(2);
  expect(events.slice(3).toSorted()).toEqual(['management closed', 'server closed', 'store closed']);
});
