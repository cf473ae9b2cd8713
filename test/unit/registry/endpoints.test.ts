import { connect } from 'node:net';
import { Agent } from 'undici';
import { describe, expect, it } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { Endpoints } from '../../../src/registry/endpoints.ts';
import type { RegistrySettings } from '../../../src/registry/settings.ts';
import { parseReference } from '../../../src/image/reference.ts';
import { createScriptedServer } from '../../fixtures/network/scripted-server.ts';
import { createRegistryHarness } from '../../fixtures/registry/harness.ts';
import { createImage, served } from '../../fixtures/registry/responses.ts';

describe("a registry's API", () => {
  it.each<[string, string, Record<string, Pick<RegistrySettings, 'http'>>]>([
    ['ghcr.io', 'https://ghcr.io/v2/', {}],
    ['docker.io', 'https://registry-1.docker.io/v2/', {}],
    ['10.0.0.5:5000', 'https://10.0.0.5:5000/v2/', {}],
    ['localhost:5000', 'http://localhost:5000/v2/', {}],
    ['127.0.0.2:5000', 'http://127.0.0.2:5000/v2/', {}],
    ['[::1]:5000', 'http://[::1]:5000/v2/', {}],
    ['localhost:5000', 'https://localhost:5000/v2/', { 'localhost:5000': { http: false } }],
    ['reg.local:5000', 'http://reg.local:5000/v2/', { 'reg.local:5000': { http: true } }],
    ['reg.local:5001', 'https://reg.local:5001/v2/', { 'reg.local:5000': { http: true } }],
    ['reg.local', 'http://reg.local/v2/', { 'https://reg.local/v2/': { http: true } }],
    ['reg.local', 'http://reg.local/v2/', { 'reg.local/team': {}, 'reg.local/other': { http: true } }],
  ])('of %s is %s', (registry, url, registries) => {
    expect(new Endpoints(registries).apiUrl(registry, '/v2/').href).toBe(url);
  });

  it('is reached over plain HTTP on loopback, without any setting', async () => {
    await using server = await createScriptedServer();
    const shop = createImage(null);
    server.expect({ method: 'HEAD', path: '/v2/shop/manifests/1' }, served(shop));
    const { client } = createRegistryHarness(server, { dispatcherFor: () => new Agent() });
    expect(await client.resolveDigest(parseReference(`${server.host}/shop:1`))).toMatchObject({
      digest: shop.digest,
    });
    server.verify();
  });

  it('is never reached over HTTP when HTTPS fails', async () => {
    await using server = await createScriptedServer();
    const registries = { [server.host]: { http: false } };
    const { client, observed } = createRegistryHarness(server, {
      dispatcherFor: () => new Agent(),
      registries,
    });
    const result = await client.resolveDigest(parseReference(`${server.host}/shop:1`));
    expect(result).toMatchObject({ failure: { kind: 'unreachable', host: server.host } });
    expect(result.kind === 'failed' && result.failure.message).toContain('does not speak TLS on this port');
    expect(observed).toEqual([`${server.host} unreachable`]);
    server.verify();
  });

  it('that refuses connections is unreachable', async () => {
    const server = await createScriptedServer();
    await server.close();
    const { client } = createRegistryHarness(server, { dispatcherFor: () => new Agent() });
    const result = await client.resolveDigest(parseReference(`${server.host}/shop:1`));
    const message = `${server.host} refuses connections`;
    const failure = { kind: 'unreachable', host: server.host, message, trouble: 'refused' };
    expect(result).toEqual({ kind: 'failed', failure });
  });

  it.each([
    ['ECONNRESET', 'unreachable', 'broken'],
    ['CERT_HAS_EXPIRED', 'unreachable', 'validity'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', 'timeout'],
    ['HPE_CR_EXPECTED', 'unreachable', 'not_http'],
    ['ESOMETHING', 'unreachable', undefined],
  ])('behind %s is told as such', async (code, kind, trouble) => {
    await using server = await createScriptedServer();
    const dispatcher = new Agent({
      connect: (_, callback) => callback(Object.assign(new Error('secret'), { code }), null),
    });
    const { client } = createRegistryHarness(server, { dispatcherFor: () => dispatcher });
    const result = await client.resolveDigest(parseReference('reg.test/shop:1'));
    const message = expect.not.stringContaining('secret');
    expect(result).toEqual({ kind: 'failed', failure: { kind, host: 'reg.test', message, trouble } });
  });

  it('without a usable dispatcher fails with its message, without a request', async () => {
    await using server = await createScriptedServer();
    const failure = {
      kind: 'unreachable',
      host: 'reg.test',
      message: 'reg.test was not asked: no CA',
    } as const;
    const { client, observed } = createRegistryHarness(server, {
      dispatcherFor: () => {
        throw new UpstreamError(failure);
      },
    });
    const result = await client.resolveDigest(parseReference('reg.test/shop:1'));
    expect(result).toEqual({ kind: 'failed', failure });
    expect(observed).toEqual([]);
  });

  it("behind a failing proxy fails with the proxy's message", async () => {
    await using server = await createScriptedServer();
    const failure = { kind: 'unreachable', host: 'reg.test', message: 'the proxy does not connect' } as const;
    const dispatcher = new Agent({ connect: (_, callback) => callback(new UpstreamError(failure), null) });
    const { client, observed } = createRegistryHarness(server, { dispatcherFor: () => dispatcher });
    const result = await client.resolveDigest(parseReference('reg.test/shop:1'));
    expect(result).toEqual({ kind: 'failed', failure });
    expect(observed).toEqual(['reg.test unreachable']);
  });

  it("is called through each host's own dispatcher", async () => {
    await using server = await createScriptedServer({ inOrder: true });
    const shop = createImage(null);
    const asked: string[] = [];
    const dispatcher = new Agent({
      connect: (_, callback) => {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => callback(null, socket));
      },
    });
    const { client } = createRegistryHarness(server, {
      dispatcherFor: (url) => {
        asked.push(url.host);
        return dispatcher;
      },
    });
    server.expect(
      { method: 'HEAD', path: '/v2/library/nginx/manifests/latest' },
      { status: 307, headers: { location: 'https://cdn.test/m' } },
    );
    server.expect({ method: 'HEAD', path: '/m' }, served(shop));
    await client.resolveDigest(parseReference('nginx'));
    expect(asked).toEqual(['registry-1.docker.io', 'cdn.test']);
  });
});
