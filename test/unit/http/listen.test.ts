import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { fastify } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError } from '../../../src/errors.ts';
import { selectFallback, createListen, joinListenErrors, type Listener } from '../../../src/http/listen.ts';

/** A machine on which only some addresses can be listened on. */
function machine(failures: Readonly<Record<string, string>>): Listener {
  let bound: AddressInfo[] = [];
  return {
    listen({ host, port }) {
      const code = failures[host];
      if (code !== undefined) return Promise.reject(Object.assign(new Error(code), { code }));
      bound = [{ address: host, port, family: host.includes(':') ? 'IPv6' : 'IPv4' }];
      return Promise.resolve();
    },
    addresses: () => bound,
  };
}

function rejected(reason: unknown): PromiseRejectedResult {
  return { status: 'rejected', reason };
}

function listen(app: Listener, host: string, told: string[] = []): Promise<string> {
  return createListen((message) => told.push(message))(app, { host, port: 4355 }, 'server');
}

describe('where there is no IPv6', () => {
  it.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])(':: means all IPv4 addresses: %s', async (code) => {
    const told: string[] = [];
    expect(await listen(machine({ '::': code }), '::', told)).toBe('http://0.0.0.0:4355');
    expect(told).toEqual(['this machine has no IPv6, so Greenpin listens on 0.0.0.0 instead of ::']);
  });

  it('is reported once for both servers', async () => {
    const told: string[] = [];
    const listenOn = createListen((message) => told.push(message));
    for (const key of ['server', 'management'])
      await listenOn(machine({ '::': 'EAFNOSUPPORT' }), { host: '::', port: 1 }, key);
    expect(told).toHaveLength(1);
  });

  it.each([
    ['::', 'EADDRINUSE'],
    ['::', 'EACCES'],
    ['::1', 'EADDRNOTAVAIL'],
    ['fd00::1', 'EAFNOSUPPORT'],
    ['localhost', 'EADDRNOTAVAIL'],
    ['10.0.0.1', 'EADDRNOTAVAIL'],
  ])('an address that was chosen, or another failure, is none of this: %s %s', async (host, code) => {
    expect(selectFallback(host, code)).toBeUndefined();
    await expect(listen(machine({ [host]: code }), host)).rejects.toBeInstanceOf(ConfigError);
  });

  it('a problem with the fallback address is reported for that address', async () => {
    const app = machine({ '::': 'EAFNOSUPPORT', '0.0.0.0': 'EADDRINUSE' });
    await expect(listen(app, '::')).rejects.toThrow(
      'server.port: found another process at 0.0.0.0:4355, expected a free one',
    );
  });

  it('the server itself can try once more', async () => {
    const taken = createServer();
    await once(taken.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void taken.close());
    const app = fastify();
    onTestFinished(() => app.close());
    const { port } = taken.address() as AddressInfo;
    await expect(app.listen({ host: '127.0.0.1', port })).rejects.toThrow('EADDRINUSE');
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    expect((await fetch(url)).status).toBe(404);
  });
});

describe('an address that cannot be listened on', () => {
  it.each([
    ['EADDRINUSE', '::', 'server.port: found another process at [::]:4355, expected a free one'],
    [
      'EACCES',
      '::',
      'server.port: found a port that this user may not use at [::]:4355, expected 1024 or higher',
    ],
    [
      'EADDRNOTAVAIL',
      '10.0.0.1',
      'server.host: found an address that this machine does not have at 10.0.0.1:4355, expected one that it has',
    ],
    [
      'EAFNOSUPPORT',
      '::1',
      'server.host: found an IPv6 address on a machine without IPv6 at [::1]:4355, expected an IPv4 address',
    ],
    [
      'ENOTFOUND',
      'x.test',
      'server.host: found a host name that does not resolve at x.test:4355, expected one that resolves',
    ],
    [
      'EWHAT',
      '::',
      'server.host: found an address that cannot be listened on (EWHAT) at [::]:4355, expected another one',
    ],
  ])('%s names the key that is to be changed', async (code, host, problem) => {
    await expect(listen(machine({ [host]: code }), host)).rejects.toThrow(problem);
  });

  it('is reported together with the other', () => {
    const fulfilled = { status: 'fulfilled' as const, value: 'http://x' };
    const problem = (text: string) => rejected(new ConfigError([text]));
    expect(joinListenErrors([problem('a'), problem('b')])).toMatchObject({ problems: ['a', 'b'] });
    expect(joinListenErrors([fulfilled, problem('b')])).toMatchObject({ problems: ['b'] });
    const defect = new TypeError('x');
    expect(joinListenErrors([rejected(defect), fulfilled])).toBe(defect);
  });
});
