import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { composeCiDispatchers } from '../../../src/compose/network.ts';
import { composeRegistries } from '../../../src/compose/registries.ts';
import type { CiConnection } from '../../../src/config/config.ts';
import { ConfigError } from '../../../src/errors.ts';
import { parseReference } from '../../../src/image/reference.ts';
import { createAuthority } from '../../fixtures/network/certificates.ts';
import { createConnectProxy } from '../../fixtures/network/connect-proxy.ts';
import { createTlsServer } from '../../fixtures/network/tls-server.ts';

const authority = createAuthority('the company');
const other = createAuthority('another company');
const digest = `sha256:${'0'.repeat(64)}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-network-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function worldWith(env: Readonly<Record<string, string>>) {
  const observer = { requested: () => undefined, quota: () => undefined, freshFor: () => undefined };
  return { env, now: Date.now, observer, warn: () => undefined };
}

describe('a CI connection', () => {
  const connection: CiConnection = {
    name: 'gh',
    kind: 'github',
    url: 'https://github.test/api/v3',
    auth: { kind: 'none' },
  };

  it('goes through the proxy, to a host with a certificate of an authority that may change', async () => {
    await using server = await createTlsServer(authority.issue('github', ['github.test']));
    await using proxy = await createConnectProxy({ targetPort: server.port });
    const caFile = write('ca.pem', other.cert);
    const tls = { path: ['connections', 'gh'], caFile };
    const world = worldWith({ HTTPS_PROXY: proxy.host });
    const url = new URL(`${connection.url}/meta`);
    const dispatcherFor = composeCiDispatchers(tls, 5000, world);
    const options = { origin: url.origin, path: url.pathname, method: 'GET' } as const;
    const ask = async () => (await dispatcherFor(url).request(options)).statusCode;
    await expect(ask()).rejects.toThrow('certificate');
    write('ca.pem', authority.cert);
    expect(await ask()).toBe(200);
    expect(proxy.asked).toEqual(['CONNECT github.test:443', 'CONNECT github.test:443']);
  });

  it('with a proxy that is none is an error of the configuration', () => {
    const world = worldWith({ HTTPS_PROXY: 'ftp://proxy' });
    expect(() => composeCiDispatchers(undefined, 5000, world)).toThrow(ConfigError);
  });
});

describe('a registry', () => {
  const names = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];
  it.each(names)(
    'gets the certificates of its entry %s under the name of its API (Docker Hub)',
    async (host) => {
      await using server = await createTlsServer(authority.issue('hub', ['registry-1.docker.io']), {
        handle: (_, response) => {
          const headers = {
            'content-type': 'application/vnd.oci.image.index.v1+json',
            'docker-content-digest': digest,
          };
          response.writeHead(200, headers).end();
        },
      });
      await using proxy = await createConnectProxy({ targetPort: server.port });
      const tls = { path: ['registries', host], caFile: write('ca.pem', authority.cert) };
      const client = composeRegistries(
        { registries: new Map([[host, { host, tls }]]), dockerConfigFiles: [] },
        5000,
        worldWith({ HTTPS_PROXY: proxy.host }),
      );
      expect(await client.resolveDigest(parseReference('nginx'))).toMatchObject({ kind: 'found', digest });
      expect(proxy.asked).toEqual(['CONNECT registry-1.docker.io:443']);
    },
  );
});
