/** A distribution registry that takes only tokens of a service of ours, as GHCR, Docker Hub and GitLab do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { parseReference } from '../../src/image/reference.ts';
import { imageIndex, imageManifest, LINUX_AMD64, LINUX_ARM64 } from '../fixtures/registry/images.ts';
import { createPusher } from '../fixtures/registry/push.ts';
import { composeClient, composeClientWith } from '../fixtures/registry/compose-client.ts';
import { REGISTRY_USER, startRegistry, type RunningRegistry } from '../fixtures/registry/container.ts';
import { skopeoDigest } from '../fixtures/registry/skopeo.ts';
import { createTokenService, type TokenService } from '../fixtures/registry/token-service.ts';

const registryImage = inject('registryImage');
const skopeo = inject('skopeo');
const REVISION = 'org.opencontainers.image.revision';

function imageFor(platform = LINUX_AMD64) {
  return imageManifest('oci', platform, { [REVISION]: platform.architecture });
}
const pushed = imageIndex('oci', [
  { image: imageFor(), platform: LINUX_AMD64 },
  { image: imageFor(LINUX_ARM64), platform: LINUX_ARM64 },
]);
const { digest } = pushed;

describe.skipIf(!registryImage.available)('a distribution registry with a token service', () => {
  let tokens: TokenService;
  let registry: RunningRegistry;
  let asked: readonly string[];

  beforeAll(async () => {
    tokens = await createTokenService({ ...REGISTRY_USER, refreshToken: 'a-refresh-token' });
    registry = await startRegistry(registryImage, tokens.registry);
    for (const repository of ['acme/shop', 'public/shop', 'public/other']) {
      const authorization = tokens.authorize(repository);
      await createPusher(registry.host, { authorization })(repository, 'v1', pushed);
    }
  });
  afterAll(async () => {
    await registry.stop();
    await tokens[Symbol.asyncDispose]();
  });

  let before = 0;
  beforeEach(() => {
    before = tokens.asked.length;
  });
  function exchanges(): readonly string[] {
    asked = tokens.asked.slice(before);
    return asked;
  }

  const reference = (path: string) => parseReference(`${registry.host}/${path}`);
  const login = (password: string) => composeClient({ host: registry.host, password });
  const found = expect.objectContaining({ kind: 'found', digest });

  it('gives everybody what is public, for a token that nobody has to sign in for', async () => {
    expect(await composeClient().resolveDigest(reference('public/shop:v1'))).toEqual(found);
    expect(exchanges()).toEqual(['GET repository:public/shop:pull as nobody']);
  });

  it('gives the right credentials what is private', async () => {
    const client = login(REGISTRY_USER.password);
    expect(await client.resolveDigest(reference('acme/shop:v1'))).toEqual(found);
    expect(exchanges()).toEqual(['GET repository:acme/shop:pull as greenpin']);
  });

  it.skipIf(!skopeo.available)('gives the digest that skopeo gets with the same credentials', async () => {
    const credentials = `${REGISTRY_USER.username}:${REGISTRY_USER.password}`;
    const stated = await skopeoDigest(`${registry.host}/acme/shop:v1`, '--creds', credentials);
    expect(stated).toBe(digest);
  });

  it('is asked with one token by many questions about one repository', async () => {
    const client = login(REGISTRY_USER.password);
    const tags = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 'v1' : `missing-${i}`));
    const answers = await Promise.all(tags.map((tag) => client.resolveDigest(reference(`acme/shop:${tag}`))));
    expect(answers.map(({ kind }) => kind)).toEqual(tags.map((tag) => (tag === 'v1' ? 'found' : 'absent')));
    const pinned = await client.resolveRevision(reference(`acme/shop@${digest}`), LINUX_ARM64);
    expect(pinned).toEqual({ kind: 'found', revisions: ['arm64'] });
    expect(exchanges()).toHaveLength(1);
  });

  it('is asked with a token for each repository', async () => {
    const client = composeClient();
    for (const path of ['public/shop:v1', 'public/other:v1', 'public/shop:v1']) {
      expect(await client.resolveDigest(reference(path))).toEqual(found);
    }
    expect(exchanges()).toHaveLength(2);
  });

  it('takes a refresh token of a Docker configuration file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'greenpin-token-'));
    const file = join(folder, 'config.json');
    const auths = { [registry.host]: { identitytoken: 'a-refresh-token' } };
    writeFileSync(file, JSON.stringify({ auths }));
    const client = composeClientWith({ dockerConfigFiles: [file] });
    expect(await client.resolveDigest(reference('acme/shop:v1'))).toEqual(found);
    expect(exchanges()).toEqual(['POST repository:acme/shop:pull with a refresh token']);
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['no credentials', undefined],
    ['wrong credentials', 'wrong-and-secret'],
  ])('denies %s what is private, whether it is there or not', async (_, password) => {
    for (const path of ['acme/shop:v1', 'acme/shop:missing', 'acme/missing:v1']) {
      const client = password === undefined ? composeClient() : login(password);
      const answer = await client.resolveDigest(reference(path));
      expect(answer).toMatchObject({ kind: 'failed', failure: { kind: 'denied' } });
      expect(JSON.stringify(answer)).not.toContain('wrong-and-secret');
    }
  });

  it('denies wrong credentials even what is public, rather than going on without them', async () => {
    const answer = await login('wrong').resolveDigest(reference('public/shop:v1'));
    expect(answer).toMatchObject({ kind: 'failed', failure: { kind: 'denied' } });
  });
});
