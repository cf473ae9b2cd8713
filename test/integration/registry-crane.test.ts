/** A registry that shares no code with distribution: the one of go-containerregistry. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseReference } from '../../src/image/reference.ts';
import { craneDigest, startCraneRegistry, type CraneRegistry } from '../fixtures/registry/crane.ts';
import {
  attestationManifest,
  imageIndex,
  imageManifest,
  LINUX_AMD64,
  LINUX_ARM64,
  type Format,
} from '../fixtures/registry/images.ts';
import { createPusher } from '../fixtures/registry/push.ts';
import { composeClient } from '../fixtures/registry/compose-client.ts';
import { parsePlatform } from '../../src/image/platform.ts';

const crane = inject('crane');
const REVISION = 'org.opencontainers.image.revision';

function image(format: Format, platform = LINUX_AMD64) {
  return imageManifest(format, platform, { [REVISION]: `${format} for ${platform.architecture}` });
}

function index(format: Format) {
  const amd64 = { image: image(format), platform: LINUX_AMD64 };
  const arm64 = { image: image(format, LINUX_ARM64), platform: LINUX_ARM64 };
  const attestation = { image: attestationManifest(), attests: amd64.image };
  return imageIndex(format, format === 'oci' ? [attestation, amd64, arm64] : [amd64, arm64]);
}

const IMAGES = [
  { what: 'an OCI image', tag: 'oci', pushed: image('oci') },
  { what: 'a Docker schema 2 image', tag: 'docker', pushed: image('docker') },
  { what: 'an OCI index with an attestation', tag: 'oci-index', pushed: index('oci') },
  { what: 'a Docker manifest list', tag: 'docker-list', pushed: index('docker') },
];

describe.skipIf(!crane.available)("images in go-containerregistry's registry", () => {
  let registry: CraneRegistry;
  const client = composeClient();
  const reference = (rest: string) => parseReference(`${registry.host}/acme/shop${rest}`);

  async function pushAll(): Promise<void> {
    const push = createPusher(registry.host);
    for (const { tag, pushed } of IMAGES) await push('acme/shop', tag, pushed);
  }

  beforeAll(async () => {
    registry = await startCraneRegistry(crane);
    await pushAll();
  });
  afterAll(() => registry.stop());

  describe.each(IMAGES)('$what', ({ tag, pushed: { digest, mediaType } }) => {
    it('is found by its tag, with the digest that was pushed and that crane states', async () => {
      const answer = await client.resolveDigest(reference(`:${tag}`));
      expect(answer).toEqual({ kind: 'found', digest, mediaType });
      expect(await craneDigest(crane, `${registry.host}/acme/shop:${tag}`)).toBe(digest);
    });

    it('is found by its digest, and tells its revision', async () => {
      expect(await client.resolveDigest(reference(`@${digest}`))).toEqual({
        kind: 'found',
        digest,
        mediaType,
      });
      const revision = await client.resolveRevision(reference(`@${digest}`), LINUX_AMD64);
      expect(revision).toEqual({ kind: 'found', revisions: [`${tag.split('-')[0]} for amd64`] });
    });
  });

  it.each(['oci-index', 'docker-list'])('%s gives the image that crane picks for a platform', async (tag) => {
    for (const platform of ['linux/amd64', 'linux/arm64']) {
      const answer = await client.resolveDigest(reference(`:${tag}`), parsePlatform(platform));
      const stated = await craneDigest(crane, `${registry.host}/acme/shop:${tag}`, '--platform', platform);
      expect(answer).toMatchObject({ kind: 'found', digest: stated });
    }
  });

  it('are absent under a tag and under a digest that were never pushed', async () => {
    const { digest } = imageManifest('oci', LINUX_AMD64, { [REVISION]: 'never pushed' });
    for (const rest of [':never-pushed', `@${digest}`]) {
      expect(await client.resolveDigest(reference(rest))).toMatchObject({
        kind: 'absent',
        missing: 'manifest',
      });
    }
  });

  it('are absent in a repository that does not exist, which the registry says', async () => {
    const answer = await client.resolveDigest(parseReference(`${registry.host}/acme/shpo:oci`));
    expect(answer).toMatchObject({ kind: 'absent', missing: 'repository' });
  });

  it('are found at once after the registry was restarted, over new connections', async () => {
    const asked = IMAGES.map(({ tag }) => reference(`:${tag}`));
    const ask = () => Promise.all(asked.map((one) => client.resolveDigest(one)));
    expect((await ask()).map(({ kind }) => kind)).toEqual(asked.map(() => 'found'));
    await registry.restart();
    await pushAll();
    expect((await ask()).map(({ kind }) => kind)).toEqual(asked.map(() => 'found'));
  });
});
