import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseReference } from '../../src/image/reference.ts';
import { craneDigest } from '../fixtures/registry/crane.ts';
import {
  attestationManifest,
  imageIndex,
  imageManifest,
  LINUX_AMD64,
  LINUX_ARM64,
} from '../fixtures/registry/images.ts';
import type { Format } from '../fixtures/registry/images.ts';
import type { Image } from '../../src/cli/demo/image-store.ts';
import { createPusher } from '../fixtures/registry/push.ts';
import { composeClient } from '../fixtures/registry/compose-client.ts';
import { HTPASSWD_AUTH, REGISTRY_USER, startRegistry } from '../fixtures/registry/container.ts';
import type { RunningRegistry } from '../fixtures/registry/container.ts';
import { skopeoDigest, skopeoPlatformDigest, skopeoRawDigest } from '../fixtures/registry/skopeo.ts';

const REVISION = 'org.opencontainers.image.revision';
const registryImage = inject('registryImage');
const skopeo = inject('skopeo');
const crane = inject('crane');

function image(format: Format, platform = LINUX_AMD64): Image {
  return imageManifest(format, platform, { [REVISION]: `${format} for ${platform.architecture}` });
}

function index(format: Format): Image {
  const amd64 = { image: image(format), platform: LINUX_AMD64 };
  const arm64 = { image: image(format, LINUX_ARM64), platform: LINUX_ARM64 };
  // Attestations first, where a client that does not know them would trip.
  const attestation = { image: attestationManifest(), attests: amd64.image };
  return imageIndex(format, format === 'oci' ? [attestation, amd64, arm64] : [amd64, arm64]);
}

const IMAGES = [
  { what: 'an OCI image', tag: 'oci', pushed: image('oci') },
  { what: 'a Docker schema 2 image', tag: 'docker', pushed: image('docker') },
];
const INDEXES = [
  { what: 'an OCI index with an attestation', tag: 'oci-index', format: 'oci', pushed: index('oci') },
  { what: 'a Docker manifest list', tag: 'docker-list', format: 'docker', pushed: index('docker') },
] as const;

describe.skipIf(!registryImage.available)('images in a distribution registry', () => {
  let registry: RunningRegistry;
  let repository: string;
  const client = composeClient();

  beforeAll(async () => {
    registry = await startRegistry(registryImage);
    repository = `${registry.host}/acme/shop`;
    const push = createPusher(registry.host);
    for (const { tag, pushed } of [...IMAGES, ...INDEXES]) await push('acme/shop', tag, pushed);
  });
  afterAll(() => registry.stop());

  describe.each([...IMAGES, ...INDEXES])('$what', ({ tag, pushed: { digest, mediaType } }) => {
    it('is found by its tag, with the digest that was pushed', async () => {
      const answer = await client.resolveDigest(parseReference(`${repository}:${tag}`));
      expect(answer).toEqual({ kind: 'found', digest, mediaType });
    });

    it('is found by its digest', async () => {
      const answer = await client.resolveDigest(parseReference(`${repository}@${digest}`));
      expect(answer).toEqual({ kind: 'found', digest, mediaType });
    });

    it.skipIf(!skopeo.available)('has the digest that skopeo finds, in words and in bytes', async () => {
      const answer = await client.resolveDigest(parseReference(`${repository}:${tag}`));
      expect(answer).toMatchObject({ digest: await skopeoDigest(`${repository}:${tag}`) });
      expect(answer).toMatchObject({ digest: await skopeoRawDigest(`${repository}:${tag}`) });
    });

    it.skipIf(!crane.available)('has the digest that crane states', async () => {
      expect(await craneDigest(crane, `${repository}:${tag}`)).toBe(digest);
    });
  });

  describe.each(INDEXES)('$what', ({ tag, format, pushed }) => {
    it.each([LINUX_AMD64, LINUX_ARM64])('gives the image for $os/$architecture', async (platform) => {
      const { digest, mediaType } = image(format, platform);
      const answer = await client.resolveDigest(parseReference(`${repository}:${tag}`), platform);
      expect(answer).toEqual({ kind: 'found', digest, mediaType });
    });

    it.skipIf(!skopeo.available).each(['amd64', 'arm64'])(
      'gives the image that skopeo picks for linux/%s',
      async (architecture) => {
        const answer = await client.resolveDigest(parseReference(`${repository}:${tag}`), {
          os: 'linux',
          architecture,
        });
        expect(answer).toMatchObject({
          digest: await skopeoPlatformDigest(`${repository}:${tag}`, architecture),
        });
      },
    );

    it.each([
      { os: 'linux', architecture: 's390x' },
      { os: 'unknown', architecture: 'unknown' },
    ])('has no image for $os/$architecture', async (platform) => {
      const answer = await client.resolveDigest(parseReference(`${repository}:${tag}`), platform);
      expect(answer).toMatchObject({ kind: 'absent', missing: 'manifest' });
    });

    it.each([LINUX_AMD64, LINUX_ARM64])('tells the revision of $os/$architecture', async (platform) => {
      const answer = await client.resolveRevision(parseReference(`${repository}@${pushed.digest}`), platform);
      expect(answer).toEqual({ kind: 'found', revisions: [`${format} for ${platform.architecture}`] });
    });
  });

  it.each(IMAGES)('tells the revision of $what', async ({ tag, pushed }) => {
    const answer = await client.resolveRevision(parseReference(`${repository}@${pushed.digest}`));
    expect(answer).toEqual({ kind: 'found', revisions: [`${tag} for amd64`] });
  });

  it.each(INDEXES)('tells the revision of the first image in $what', async ({ format, pushed }) => {
    const answer = await client.resolveRevision(parseReference(`${repository}@${pushed.digest}`));
    expect(answer).toEqual({ kind: 'found', revisions: [`${format} for amd64`] });
  });

  it('tells that an image bears no revision', async () => {
    const bare = imageManifest('oci', LINUX_AMD64, {});
    await createPusher(registry.host)('acme/shop', 'bare', bare);
    const answer = await client.resolveRevision(parseReference(`${repository}@${bare.digest}`));
    expect(answer).toEqual({ kind: 'found', revisions: [] });
  });

  it('has the new digest of a tag that was moved', async () => {
    const push = createPusher(registry.host);
    const moved = parseReference(`${repository}:moved`);
    const digests = [
      await push('acme/shop', 'moved', image('oci')),
      await push('acme/shop', 'moved', index('oci')),
    ];
    expect(await client.resolveDigest(moved)).toMatchObject({ digest: digests[1] });
    expect(digests[0]).not.toBe(digests[1]);
  });

  it('are absent under a tag that was never pushed', async () => {
    const answer = await client.resolveDigest(parseReference(`${repository}:never-pushed`));
    expect(answer).toMatchObject({ kind: 'absent', missing: 'manifest' });
  });

  it('are absent under a digest that was never pushed', async () => {
    const { digest } = imageManifest('oci', LINUX_AMD64, { [REVISION]: 'never pushed' });
    const answer = await client.resolveDigest(parseReference(`${repository}@${digest}`));
    expect(answer).toMatchObject({ kind: 'absent', missing: 'manifest' });
  });

  it('are absent in a repository that does not exist', async () => {
    const answer = await client.resolveDigest(parseReference(`${registry.host}/acme/shpo:oci`));
    // distribution 2 says MANIFEST_UNKNOWN here, not NAME_UNKNOWN, so that the repository is not what is said to be missing.
    expect(answer).toMatchObject({ kind: 'absent' });
  });
});

describe.skipIf(!registryImage.available)('a distribution registry that was stopped', () => {
  it('is a failure for what it holds and for what it does not, never "absent"', async () => {
    const registry = await startRegistry(registryImage);
    const client = composeClient();
    const digest = await createPusher(registry.host)('acme/shop', 'pushed', image('oci'));
    const reference = parseReference(`${registry.host}/acme/shop:pushed`);
    expect(await client.resolveDigest(reference)).toMatchObject({ kind: 'found', digest });
    await registry.stop();

    const unreachable = { kind: 'failed', failure: { kind: 'unreachable', host: registry.host } };
    expect(await client.resolveDigest(reference)).toMatchObject(unreachable);
    expect(await client.resolveDigest(reference, LINUX_AMD64)).toMatchObject(unreachable);
    expect(
      await client.resolveDigest(parseReference(`${registry.host}/acme/shop:never-pushed`)),
    ).toMatchObject(unreachable);
    const pinned = parseReference(`${registry.host}/acme/shop@${digest}`);
    expect(await client.resolveRevision(pinned)).toMatchObject(unreachable);
  });
});

describe.skipIf(!registryImage.available)('a distribution registry with htpasswd', () => {
  let registry: RunningRegistry;
  const pushed = index('oci');
  const reference = () => parseReference(`${registry.host}/acme/shop:private`);

  beforeAll(async () => {
    registry = await startRegistry(registryImage, HTPASSWD_AUTH);
    await createPusher(registry.host, REGISTRY_USER)('acme/shop', 'private', pushed);
  });
  afterAll(() => registry.stop());

  function login(password: string) {
    return composeClient({ host: registry.host, password });
  }

  it('gives the digest to the right credentials', async () => {
    const answer = await login(REGISTRY_USER.password).resolveDigest(reference());
    expect(answer).toMatchObject({ kind: 'found', digest: pushed.digest });
  });

  it.skipIf(!skopeo.available)('gives the digest that skopeo gets with the same credentials', async () => {
    const answer = await login(REGISTRY_USER.password).resolveDigest(reference());
    const credentials = `${REGISTRY_USER.username}:${REGISTRY_USER.password}`;
    const stated = await skopeoDigest(`${registry.host}/acme/shop:private`, '--creds', credentials);
    expect(answer).toMatchObject({ digest: stated });
  });

  it('has the revision for the right credentials', async () => {
    const pinned = parseReference(`${registry.host}/acme/shop@${pushed.digest}`);
    const answer = await login(REGISTRY_USER.password).resolveRevision(pinned, LINUX_ARM64);
    expect(answer).toEqual({ kind: 'found', revisions: ['oci for arm64'] });
  });

  it('says "absent" of an unknown tag to the right credentials only', async () => {
    const unknown = parseReference(`${registry.host}/acme/shop:never-pushed`);
    const denied = { kind: 'failed', failure: { kind: 'denied', host: registry.host } };
    expect(await login(REGISTRY_USER.password).resolveDigest(unknown)).toMatchObject({ kind: 'absent' });
    expect(await login('wrong').resolveDigest(unknown)).toMatchObject(denied);
    expect(await composeClient().resolveDigest(unknown)).toMatchObject(denied);
  });

  it('denies wrong credentials, and the failure does not bear them', async () => {
    const answer = await login('wrong-and-secret').resolveDigest(reference());
    expect(answer).toMatchObject({ kind: 'failed', failure: { kind: 'denied', host: registry.host } });
    expect(JSON.stringify(answer)).not.toContain('wrong-and-secret');
  });

  it('denies a client without credentials', async () => {
    const answer = await composeClient().resolveDigest(reference());
    expect(answer).toMatchObject({ kind: 'failed', failure: { kind: 'denied', host: registry.host } });
  });
});
