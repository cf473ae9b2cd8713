/** From a digest to the commit that the image says it was built from. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPasswordCredential } from '../../../src/registry/credentials/credential.ts';
import { parseImagePlatform } from '../../../src/registry/manifest/index-entries.ts';
import { parseRevision } from '../../../src/registry/manifest/manifest.ts';
import { parseReference } from '../../../src/image/reference.ts';
import type { RevisionResult } from '../../../src/resolve/ports.ts';
import {
  createScriptedServer,
  type Answer,
  type ScriptedServer,
} from '../../fixtures/network/scripted-server.ts';
import { createRegistryHarness, type RegistryHarnessOptions } from '../../fixtures/registry/harness.ts';
import {
  challenged,
  createAnnotatedIndex,
  createArtifact,
  createImage,
  createIndex,
  entry,
  refused,
  served,
  servedBare,
  sha256,
  type Content,
} from '../../fixtures/registry/responses.ts';
import { parsePlatform } from '../../../src/image/platform.ts';

const LABEL = 'org.opencontainers.image.revision';
const amd64 = createImage({ [LABEL]: 'abc' }, 'amd64');
const arm64 = createImage({ [LABEL]: 'def' }, 'arm64');
const attestation = createImage(null, 'attestation');
const LINUX = { os: 'linux', architecture: 'amd64' };
const index = createIndex(
  entry(attestation, { os: 'unknown', architecture: 'unknown' }),
  entry(amd64, { os: 'linux', architecture: 'amd64' }),
  entry(arm64, { os: 'linux', architecture: 'arm64' }),
);

let server: ScriptedServer;
beforeEach(async () => {
  server = await createScriptedServer({ inOrder: true });
});
afterEach(() => server.close());

function expectGet(path: string, answer: Answer, authorization: string | null = null): void {
  server.expect({ method: 'GET', path: `/v2/acme/shop/${path}`, headers: { authorization } }, answer);
}

function expectManifest(content: Content): void {
  expectGet(`manifests/${content.digest}`, served(content));
}

function expectConfig(config: string, answer: Answer = { body: config }): void {
  expectGet(`blobs/${sha256(config)}`, answer);
}

async function ask(
  { digest }: Content,
  platform?: string,
  options: RegistryHarnessOptions = {},
): Promise<RevisionResult> {
  const { client } = createRegistryHarness(server, options);
  const reference = parseReference(`reg.test/acme/shop@${digest}`);
  const result = await client.resolveRevision(
    reference,
    platform === undefined ? undefined : parsePlatform(platform),
  );
  server.verify();
  return result;
}

describe('the revision', () => {
  it("is the label in the image's configuration", async () => {
    expectManifest(amd64);
    expectConfig(amd64.config);
    expect(await ask(amd64)).toEqual({ kind: 'found', revisions: ['abc'] });
  });

  it.each([
    ['no labels', createImage(null)],
    ['other labels', createImage({ version: '1' })],
    ['an empty one', createImage({ [LABEL]: '' })],
  ])('is none for an image with %s', async (_, image) => {
    expectManifest(image);
    expectConfig(image.config);
    expect(await ask(image)).toEqual({ kind: 'found', revisions: [] });
  });

  it('of an index is that of its first real image', async () => {
    expectManifest(index);
    expectManifest(amd64);
    expectConfig(amd64.config);
    expect(await ask(index)).toEqual({ kind: 'found', revisions: ['abc'] });
  });

  it('of an index is that of the requested platform', async () => {
    expectManifest(index);
    expectManifest(arm64);
    expectConfig(arm64.config);
    expect(await ask(index, 'linux/arm64')).toEqual({ kind: 'found', revisions: ['def'] });
  });

  it('has the values of index, manifest and label, each once, the outermost first', async () => {
    const image = createImage({ [LABEL]: 'abc' }, 'x', { annotations: { [LABEL]: 'def' } });
    const inner = createAnnotatedIndex({ [LABEL]: 'abc' }, entry(image, LINUX));
    const outer = createAnnotatedIndex({ [LABEL]: 'ghi' }, entry(inner));
    for (const content of [outer, inner, image]) expectManifest(content);
    expectConfig(image.config);
    expect(await ask(outer)).toEqual({ kind: 'found', revisions: ['ghi', 'abc', 'def'] });
  });

  it.each<[string, Record<string, unknown>]>([
    ['empty', { [LABEL]: ' ' }],
    ['no text', { [LABEL]: 7 }],
    ['null', { [LABEL]: null }],
    ['of another name', { 'org.opencontainers.image.version': '1' }],
  ])('is not in an annotation that is %s', async (_, annotations) => {
    const annotated = createAnnotatedIndex(annotations, entry(amd64, LINUX));
    for (const content of [annotated, amd64]) expectManifest(content);
    expectConfig(amd64.config);
    expect(await ask(annotated)).toEqual({ kind: 'found', revisions: ['abc'] });
  });

  it.each([
    ['without a platform', undefined],
    ['that names the platform', LINUX],
  ])('of an index is never that of an artifact %s', async (_, platform) => {
    const chart = createArtifact({
      config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: sha256('{}'), size: 2 },
      annotations: { [LABEL]: 'chart' },
    });
    const mixed = createIndex(entry(chart, platform), entry(amd64, LINUX));
    for (const content of platform === undefined ? [mixed, amd64] : [mixed, chart, amd64])
      expectManifest(content);
    expectConfig(amd64.config);
    expect(await ask(mixed)).toEqual({ kind: 'found', revisions: ['abc'] });
  });

  it('is absent if the pinned manifest is not an image', async () => {
    const signature = createArtifact({
      layers: [{ mediaType: 'application/vnd.in-toto+json', digest: sha256('') }],
    });
    expectManifest(signature);
    expect(await ask(signature)).toMatchObject({
      kind: 'absent',
      reason: expect.stringContaining('is not an image'),
    });
  });

  it('is absent if the index does not contain the platform', async () => {
    expectManifest(index);
    expect(await ask(index, 'linux/s390x')).toMatchObject({ kind: 'absent' });
  });

  it('is absent when the image is', async () => {
    expectGet(`manifests/${amd64.digest}`, refused(404, 'MANIFEST_UNKNOWN'));
    expect(await ask(amd64)).toMatchObject({ kind: 'absent' });
  });

  it('is absent if the index lists an image that does not exist', async () => {
    expectManifest(index);
    expectGet(`manifests/${amd64.digest}`, refused(404, 'MANIFEST_UNKNOWN'));
    expect(await ask(index)).toMatchObject({ kind: 'absent' });
  });

  it('may be stored on another host, which gets no authorization', async () => {
    const credentials = [{ key: 'reg.test', credential: createPasswordCredential('bot', 'pw', 'a test') }];
    const authorization = `Basic ${btoa('bot:pw')}`;
    expectGet(`manifests/${amd64.digest}`, challenged('Basic realm="x"'));
    expectGet(`manifests/${amd64.digest}`, served(amd64), authorization);
    const stored = { status: 307, headers: { location: 'https://bucket.test/x?signature=1' } };
    expectGet(`blobs/${sha256(amd64.config)}`, stored, authorization);
    server.expect(
      { method: 'GET', path: '/x?signature=1', headers: { authorization: null } },
      { body: amd64.config },
    );
    expect(await ask(amd64, undefined, { credentials })).toEqual({ kind: 'found', revisions: ['abc'] });
  });
});

describe('a revision is a failure', () => {
  it.each<[string, Answer, string]>([
    [
      'other content than its digest',
      { body: amd64.config.replace('abc', 'xyz') },
      'does not match its digest',
    ],
    ['a missing blob', refused(404, 'BLOB_UNKNOWN'), 'answers 404'],
    ['too much content', { body: Buffer.alloc(4 * 1024 * 1024 + 1) }, 'too large'],
    ['a denial', refused(403, 'DENIED'), 'denies access'],
  ])('when the configuration is answered with %s', async (_, answer, message) => {
    expectManifest(amd64);
    expectConfig(amd64.config, answer);
    const result = await ask(amd64);
    expect(result.kind === 'failed' && result.failure.message).toContain(message);
  });

  it.each<[string, string]>([
    ['not JSON', '<html>'],
    ['not an object', '[]'],
  ])('when the configuration is %s', async (_, config) => {
    const image = { ...createImage(null), body: '' };
    const body = JSON.stringify({ schemaVersion: 2, config: { digest: sha256(config) } });
    const odd = { ...image, body, digest: sha256(body) };
    expectManifest(odd);
    expectConfig(config);
    expect(await ask(odd)).toMatchObject({ failure: { kind: 'malformed' } });
  });

  it.each([
    ['no configuration', {}],
    ['a configuration without a digest', { config: {} }],
    ['a configuration with an invalid digest', { config: { digest: 'sha256:../../etc' } }],
    ['manifests that are not descriptors', { manifests: [1] }],
    ['manifests without digests', { manifests: [{ mediaType: 'x' }] }],
  ])('when the manifest has %s', async (_, document) => {
    const body = JSON.stringify({ schemaVersion: 2, ...document });
    const mediaType = 'manifests' in document ? createIndex().mediaType : amd64.mediaType;
    const odd = { body, digest: sha256(body), mediaType };
    expectManifest(odd);
    expect(await ask(odd)).toMatchObject({ failure: { kind: 'malformed' } });
  });

  it('if the manifest does not match its digest', async () => {
    expectGet(`manifests/${amd64.digest}`, servedBare(arm64));
    expect(await ask(amd64)).toMatchObject({ failure: { kind: 'malformed' } });
  });

  it('if the reference has no digest', async () => {
    const { client } = createRegistryHarness(server);
    const result = await client.resolveRevision(parseReference('reg.test/acme/shop:1'));
    expect(result).toMatchObject({ failure: { message: expect.stringContaining('has no digest') } });
    server.verify();
  });
});

describe('the cache of images', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const LONG = 2_000_000;
  const COUNT = 40;

  it.each<[string, (text: string) => unknown]>([
    [
      'its label',
      (text) => parseRevision(Buffer.from(JSON.stringify({ config: { Labels: { [LABEL]: text } } }))),
    ],
    [
      'its platform',
      (os) => parseImagePlatform(JSON.parse(JSON.stringify({ os, architecture: 'x', variant: 'y' }))),
    ],
  ])('is not all of a text of megabytes: %s', (_what, read) => {
    collect();
    const before = process.memoryUsage().heapUsed;
    const kept = Array.from({ length: COUNT }, (_, i) => read(`${i} ${'x'.repeat(LONG)}`));
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan((COUNT * LONG) / 4);
    expect(kept).toHaveLength(COUNT);
  });
});
