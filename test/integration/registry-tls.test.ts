/** A distribution registry over TLS, with certificates of an authority that only the configuration knows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { TlsFiles } from '../../src/secrets/tls-files.ts';
import { parseReference } from '../../src/image/reference.ts';
import { createAuthority } from '../fixtures/network/certificates.ts';
import { createConnectProxy } from '../fixtures/network/connect-proxy.ts';
import { imageManifest, LINUX_AMD64 } from '../fixtures/registry/images.ts';
import { createPusher } from '../fixtures/registry/push.ts';
import { composeClientWith } from '../fixtures/registry/compose-client.ts';
import { startRegistry, tlsOptions, type RunningRegistry } from '../fixtures/registry/container.ts';
import { skopeoDigest } from '../fixtures/registry/skopeo.ts';

const registryImage = inject('registryImage');
const skopeo = inject('skopeo');

const authority = createAuthority('the company');
const other = createAuthority('another company');
const served = authority.issue('registry', ['127.0.0.1', 'reg.test']);
const client = authority.issue('greenpin');
const pushed = imageManifest('oci', LINUX_AMD64, {});
const found = expect.objectContaining({ kind: 'found', digest: pushed.digest });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-tls-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** On loopback TLS has to be asked for, with `http: false`. */
function settingsOf(host: string, files: Omit<TlsFiles, 'path'>) {
  return { host, http: false, tls: { path: ['registries', host], ...files } };
}

function clientOf(host: string, files: Omit<TlsFiles, 'path'>, env: Readonly<Record<string, string>> = {}) {
  return composeClientWith({ registries: [settingsOf(host, files)], env });
}

async function pushTo(host: string): Promise<void> {
  const secureContext = createSecureContext({ ca: authority.cert, ...client });
  const tls = new Agent({ connect: { secureContext } });
  await createPusher(host, undefined, tls)('acme/shop', 'v1', pushed);
  await tls.close();
}

describe.skipIf(!registryImage.available)(
  'a distribution registry with a certificate of a private authority',
  () => {
    let registry: RunningRegistry;
    beforeAll(async () => {
      registry = await startRegistry(registryImage, tlsOptions(served));
      await pushTo(registry.host);
    });
    afterAll(() => registry.stop());

    const reference = () => parseReference(`${registry.host}/acme/shop:v1`);

    it('is asked when caFile names the authority', async () => {
      const caFile = write('ca.pem', authority.cert);
      expect(await clientOf(registry.host, { caFile }).resolveDigest(reference())).toEqual(found);
    });

    it('is asked by many at once', async () => {
      const caFile = write('ca.pem', authority.cert);
      const asking = clientOf(registry.host, { caFile });
      const repositories = Array.from({ length: 100 }, (_, i) => `${registry.host}/acme/missing-${i}:v1`);
      const answers = await Promise.all(
        repositories.map((repository) => asking.resolveDigest(parseReference(repository))),
      );
      expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['absent']));
    });

    it.skipIf(!skopeo.available)('has the digest that skopeo finds with the same authority', async () => {
      write('ca.crt', authority.cert);
      const stated = await skopeoDigest(
        `${registry.host}/acme/shop:v1`,
        '--cert-dir',
        folder,
        '--tls-verify=true',
      );
      expect(stated).toBe(pushed.digest);
    });

    it.each([
      ['no authority is given', {}],
      ['another authority is given', { caFile: 'other.pem' }],
    ])('is a failure when %s, and says why', async (_, files) => {
      write('other.pem', other.cert);
      const located = 'caFile' in files ? { caFile: join(folder, files.caFile) } : {};
      const answer = await clientOf(registry.host, located).resolveDigest(reference());
      expect(answer).toMatchObject({ kind: 'failed', failure: { kind: 'unreachable', host: registry.host } });
      expect(JSON.stringify(answer)).toContain(`the certificate of ${registry.host} comes from an authority`);
    });

    it('is asked as soon as the right authority is in the file, without a restart', async () => {
      const caFile = write('rotated.pem', other.cert);
      const asking = clientOf(registry.host, { caFile });
      expect(await asking.resolveDigest(reference())).toMatchObject({ kind: 'failed' });
      write('rotated.pem', authority.cert);
      await expect.poll(() => asking.resolveDigest(reference()), { interval: 200 }).toEqual(found);
    });

    it('is a failure that names key and file while the file is not there', async () => {
      const caFile = join(folder, 'missing.pem');
      const answer = await clientOf(registry.host, { caFile }).resolveDigest(reference());
      const path = `registries["${registry.host}"].caFile`;
      expect(answer).toEqual({
        kind: 'failed',
        failure: {
          kind: 'unreachable',
          host: registry.host,
          message: `${registry.host} was not asked: ${path}: found nothing at "${caFile}", expected certificates in PEM`,
          trouble: 'files',
        },
      });
    });

    it('is asked through a proxy, by its own name', async () => {
      const caFile = write('ca.pem', authority.cert);
      const port = Number(registry.host.split(':')[1]);
      await using proxy = await createConnectProxy({ targetPort: port, credentials: 'user:secret' });
      const asking = clientOf('reg.test', { caFile }, { HTTPS_PROXY: `http://user:secret@${proxy.host}` });
      expect(await asking.resolveDigest(parseReference('reg.test/acme/shop:v1'))).toEqual(found);
      expect(await asking.resolveDigest(parseReference('reg.test/acme/shop:v2'))).toMatchObject({
        kind: 'absent',
      });
      expect(proxy.asked).toEqual(['CONNECT reg.test:443 as user:secret']);
    });

    it('behind a proxy that refuses is a failure, never "absent"', async () => {
      await using proxy = await createConnectProxy({ targetPort: 9, refusal: 502 });
      const asking = clientOf('reg.test', {}, { HTTPS_PROXY: proxy.host });
      expect(await asking.resolveDigest(parseReference('reg.test/acme/shop:v1'))).toMatchObject({
        kind: 'failed',
        failure: {
          kind: 'unreachable',
          host: 'reg.test',
          message: `the proxy ${proxy.host} (HTTPS_PROXY) does not connect to reg.test (502)`,
        },
      });
    });
  },
);

describe.skipIf(!registryImage.available)('a distribution registry that wants client certificates', () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startRegistry(registryImage, tlsOptions(served, authority.cert));
    await pushTo(registry.host);
  });
  afterAll(() => registry.stop());

  function ask({ cert, key }: { cert: string; key: string }) {
    const files = { certFile: write('tls.crt', cert), keyFile: write('tls.key', key) };
    const asking = clientOf(registry.host, { caFile: write('ca.pem', authority.cert), client: files });
    return asking.resolveDigest(parseReference(`${registry.host}/acme/shop:v1`));
  }

  function refused() {
    const { host } = registry;
    const message = expect.stringContaining(`${host} did not accept the client certificate, or requires one`);
    return { kind: 'failed', failure: { kind: 'unreachable', host, message } };
  }

  it('is asked with the one that is configured', async () => {
    expect(await ask(client)).toEqual(found);
  });

  it('refuses one of another authority', async () => {
    expect(await ask(other.issue('stranger'))).toMatchObject(refused());
  });

  it('refuses those without', async () => {
    const asking = clientOf(registry.host, { caFile: write('ca.pem', authority.cert) });
    const answer = await asking.resolveDigest(parseReference(`${registry.host}/acme/shop:v1`));
    expect(answer).toMatchObject(refused());
  });
});
