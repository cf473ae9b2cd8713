/** `greenpin digest` as a process, against registries on loopback. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createCliHarness, type CliHarness } from '../fixtures/cli/harness.ts';
import { imageIndex, imageManifest, LINUX_AMD64, LINUX_ARM64 } from '../fixtures/registry/images.ts';

const COMMIT = 'a1'.repeat(20);

function front(harness: CliHarness, tag = 'sha-a1a1a1a'): string {
  return `${harness.registry.host}/acme/shop-front:${tag}`;
}
function back(harness: CliHarness): string {
  return `${harness.registry.host}/acme/shop-back:sha-a1a1a1a`;
}

test.concurrent(
  'of one image prints the digest, and nothing else; it looks for no configuration',
  async () => {
    await using harness = await createCliHarness({ open: true });
    const digests = harness.build(COMMIT);
    harness.write('greenpin.yaml', 'not: [a, configuration');
    expect(await harness.run(['digest', front(harness)], { GREENPIN_CONFIG: 'no/such.yaml' })).toEqual({
      status: 0,
      stdout: `${digests['front']}\n`,
      stderr: '',
    });
  },
);

test.concurrent(
  'of several prints IMAGE DIGEST lines in the order given, whichever answer comes first',
  async () => {
    await using harness = await createCliHarness({ open: true });
    const digests = harness.build(COMMIT);
    harness.registry.fault({ kind: 'wait', until: delay(300) }, { path: /shop-front/ });
    expect(await harness.run(['digest', front(harness), back(harness), front(harness)])).toEqual({
      status: 0,
      stdout:
        `${front(harness)} ${digests['front']}\n` +
        `${back(harness)} ${digests['back']}\n` +
        `${front(harness)} ${digests['front']}\n`,
      stderr: '',
    });
  },
);

describe('of several, those found are printed, and the worst outcome is the exit status:', () => {
  test.concurrent('absent before found', async () => {
    await using harness = await createCliHarness({ open: true });
    const digests = harness.build(COMMIT);
    const { status, stdout, stderr } = await harness.run(['digest', front(harness, 'nope'), back(harness)]);
    expect([status, stdout]).toEqual([3, `${back(harness)} ${digests['back']}\n`]);
    expect(harness.stable(stderr)).toBe('greenpin: REGISTRY/acme/shop-front:nope is not in the registry\n');
  });

  test.concurrent('failed before absent', async () => {
    await using harness = await createCliHarness({ open: true });
    harness.build(COMMIT);
    harness.registry.fault({ kind: 'status', status: 500 }, { path: /shop-back/ });
    const { status, stdout, stderr } = await harness.run([
      'digest',
      back(harness),
      front(harness, 'nope'),
      front(harness),
    ]);
    expect([status, stdout.split(' ')[0]]).toEqual([1, front(harness)]);
    expect(harness.stable(stderr).split('\n')).toEqual([
      'greenpin: REGISTRY/acme/shop-back:sha-a1a1a1a: REGISTRY cannot answer now (500)',
      'greenpin: REGISTRY/acme/shop-front:nope is not in the registry',
      '',
    ]);
  });

  test.concurrent('no valid reference before failed', async () => {
    await using harness = await createCliHarness({ open: true });
    harness.build(COMMIT);
    harness.registry.fault({ kind: 'status', status: 500 }, { path: /shop-back/ });
    const { status, stdout, stderr } = await harness.run([
      'digest',
      'Not:Valid',
      back(harness),
      front(harness),
    ]);
    expect([status, stdout.split(' ')[0]]).toEqual([2, front(harness)]);
    expect(stderr.split('\n')[0]).toMatch(/^greenpin: "Not:Valid" has the path component "Not"; expected /);
  });
});

test.concurrent('of one image that is absent prints nothing on stdout: exit status 3', async () => {
  await using harness = await createCliHarness({ open: true });
  harness.build(COMMIT);
  const { status, stdout, stderr } = await harness.run(['digest', front(harness, 'nope')]);
  expect([status, stdout]).toEqual([3, '']);
  expect(harness.stable(stderr)).toBe('greenpin: REGISTRY/acme/shop-front:nope is not in the registry\n');
});

describe('credentials', () => {
  test.concurrent('come from the configuration that --config names', async () => {
    await using harness = await createCliHarness();
    const digests = harness.build(COMMIT);
    const { status, stdout } = await harness.run(['digest', '--config', 'greenpin.yaml', front(harness)]);
    expect([status, stdout]).toEqual([0, `${digests['front']}\n`]);
  });

  test.concurrent('in an unreadable file are reported once', async () => {
    await using harness = await createCliHarness();
    harness.write('config.json', 'no JSON');
    const { status, stderr } = await harness.run([
      'digest',
      '--docker-config',
      'config.json',
      front(harness),
    ]);
    expect(status).toBe(1);
    expect(stderr.match(/is not a JSON object/g)).toHaveLength(1);
    expect(stderr.split('\n')).toEqual([expect.stringContaining('was not queried'), '']);
  });

  test.concurrent('come from --docker-config, which may be repeated', async () => {
    await using harness = await createCliHarness();
    const digests = harness.build(COMMIT);
    harness.write('other.json', JSON.stringify({ auths: { 'registry.test': { auth: 'eDp5' } } }));
    harness.writeDockerConfig('config.json');
    const files = ['--docker-config', 'other.json', '--docker-config', 'config.json'];
    const { status, stdout, stderr } = await harness.run(['digest', ...files, front(harness)]);
    expect([status, stdout, stderr]).toEqual([0, `${digests['front']}\n`, '']);
  });

  test.concurrent('that are missing are mentioned in the error', async () => {
    await using harness = await createCliHarness();
    harness.build(COMMIT);
    expect(await harness.run(['digest', front(harness)])).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('denies access'),
    });
  });

  test.concurrent('in the reference are not repeated', async () => {
    await using harness = await createCliHarness({ open: true });
    const written = ['https://bot:hunter2@ghcr.io/x', 'bot:hunter2@ghcr.io/x', 'bot:hun@ter2@ghcr.io/x'];
    const { status, stderr } = await harness.run(['digest', ...written]);
    expect(status).toBe(2);
    expect(stderr).not.toMatch(/hunter2|ter2/);
  });
});

test.concurrent('--platform gives the digest of that platform’s manifest inside the index', async () => {
  await using harness = await createCliHarness({ open: true });
  const arm64 = imageManifest('oci', LINUX_ARM64, {});
  const index = imageIndex('oci', [
    { image: imageManifest('oci', LINUX_AMD64, {}), platform: LINUX_AMD64 },
    { image: arm64, platform: LINUX_ARM64 },
  ]);
  harness.registry.push('acme/shop-front', 'multi', index);
  const digestOf = (...options: string[]) => harness.run(['digest', ...options, front(harness, 'multi')]);
  expect(await digestOf('--platform', 'linux/arm64')).toMatchObject({
    status: 0,
    stdout: `${arm64.digest}\n`,
  });
  expect(await digestOf('--platform', 'windows/amd64')).toMatchObject({ status: 3, stdout: '' });
});
