/** What holds for every command: where the configuration comes from, JSON, and exit status 2. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCliHarness, type CliHarness } from '../fixtures/cli/harness.ts';

const COMMIT = 'a1'.repeat(20);

function front(harness: CliHarness, tag = 'sha-a1a1a1a'): string {
  return `${harness.registry.host}/acme/shop-front:${tag}`;
}

/** Every command that reads the configuration, with what else it needs. */
const READERS: readonly (readonly [command: string, args: readonly string[]])[] = [
  ['serve', ['serve']],
  ['resolve', ['resolve', '--branch', 'feature']],
  ['digest', ['digest', 'ghcr.io/acme/shop:v1']],
  ['check', ['check']],
  ['health', ['health']],
];

describe('--config - reads standard input:', () => {
  test.concurrent.each(READERS)('%s', async (_, args) => {
    await using harness = await createCliHarness({ open: true });
    const { status, stdout, stderr } = await harness.run([...args, '--config', '-'], {}, 'management: [1\n');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^greenpin: standard input:\d+:\d+ found .*, expected /);
  });

  test.concurrent('resolve, check and digest are as with the file', async () => {
    await using harness = await createCliHarness();
    const digests = harness.build(COMMIT);
    const input = readFileSync(join(harness.folder, 'greenpin.yaml'), 'utf8');
    const elsewhere = { GREENPIN_CONFIG: 'no/such.yaml' };
    const resolved = await harness.run(['resolve', '--branch', 'feature', '--config', '-'], elsewhere, input);
    expect([resolved.status, resolved.stderr]).toEqual([0, '']);
    expect(resolved.stdout).toContain(digests['front']);
    const checked = await harness.run(['check', '-c', '-'], elsewhere, input);
    expect([checked.status, checked.stderr]).toEqual([0, '']);
    expect(checked.stdout).toMatch(/^standard input: valid, 1 project\n/);
    const found = await harness.run(['digest', '--config', '-', front(harness)], elsewhere, input);
    expect(found).toEqual({ status: 0, stdout: `${digests['front']}\n`, stderr: '' });
  });

  test.concurrent('an empty one is told', async () => {
    await using harness = await createCliHarness({ open: true });
    expect(await harness.run(['check', '--config', '-'], {}, '')).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'greenpin: standard input: found an empty file, expected a mapping with connections and projects\n',
    });
  });
});

describe('exit status 2:', () => {
  test.concurrent.each(READERS)('%s with an option that it does not know', async (command, args) => {
    await using harness = await createCliHarness({ open: true });
    const { status, stdout, stderr } = await harness.run([...args, '--nonsense']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain("unknown option '--nonsense'");
    expect(stderr).toContain(`Try greenpin ${command} --help.`);
  });

  test.concurrent.each(READERS)('%s with a configuration that is not there', async (_, args) => {
    await using harness = await createCliHarness({ open: true });
    const { status, stdout, stderr } = await harness.run([...args, '--config', 'no/such.yaml']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^greenpin: no\/such\.yaml: found no such file, expected /);
  });
});

describe('--json', () => {
  test.concurrent(
    'of digest has each image in the order given; the worst outcome is the status',
    async () => {
      await using harness = await createCliHarness({ open: true });
      const digests = harness.build(COMMIT);
      const images = [front(harness), 'Not:Valid', front(harness, 'nope')];
      const { status, stdout, stderr } = await harness.run(['digest', '--json', ...images]);
      expect([status, stderr]).toEqual([2, '']);
      expect(JSON.parse(stdout)).toEqual({
        images: [
          { image: images[0], kind: 'found', digest: digests['front'] },
          { image: 'Not:Valid', kind: 'invalid', reason: expect.stringContaining('path component') },
          { image: images[2], kind: 'absent', reason: `${images[2]} is not in the registry` },
        ],
      });
      const one = await harness.run(['digest', '--json', front(harness)]);
      expect(one.status).toBe(0);
      expect(JSON.parse(one.stdout)).toEqual({
        images: [{ image: images[0], kind: 'found', digest: digests['front'] }],
      });
    },
  );

  test.concurrent('of check has the findings, and the same exit status', async () => {
    await using harness = await createCliHarness();
    harness.build(COMMIT);
    const well = await harness.run(['check', '--json']);
    expect([well.status, well.stderr]).toEqual([0, '']);
    const report: unknown = JSON.parse(well.stdout);
    expect(report).toMatchObject({ config: 'greenpin.yaml', projects: ['shop'], ok: 5, failed: 0 });
    expect(report).toHaveProperty('findings.0', {
      level: 'ok',
      subject: 'store sqlite',
      target: 'greenpin.db',
      detail: 'does not exist yet; serve will create it',
      hint: null,
    });
    harness.replaceSecret('github');
    const failed = await harness.run(['check', '--json']);
    expect([failed.status, failed.stderr]).toEqual([1, '']);
    expect(JSON.parse(failed.stdout)).toMatchObject({ failed: 1 });
  });

  test.concurrent('is not begun when the configuration is wrong', async () => {
    await using harness = await createCliHarness();
    harness.write('greenpin.yaml', 'connections: []\n');
    for (const args of [
      ['check'],
      ['digest', front(harness), '--config', 'greenpin.yaml'],
      ['resolve', '--branch', 'x'],
    ]) {
      const { status, stdout, stderr } = await harness.run([...args, '--json']);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(
        /^greenpin: greenpin\.yaml:1:1 connections: found a list, expected a mapping, for example /m,
      );
    }
  });
});

test.concurrent('--docker-config takes ~ for the home, as where a shell has left it', async () => {
  await using harness = await createCliHarness();
  const digests = harness.build(COMMIT);
  harness.writeDockerConfig('config.json');
  const args = ['digest', '--docker-config=~/config.json', front(harness)];
  expect(await harness.run(args, { HOME: harness.folder })).toMatchObject({
    status: 0,
    stdout: `${digests['front']}\n`,
  });
});

test.concurrent('check tells of a credential helper at the row that fails, and only there', async () => {
  await using harness = await createCliHarness();
  harness.build(COMMIT);
  harness.write(
    'config.json',
    JSON.stringify({ auths: { [harness.registry.host]: {} }, credsStore: 'desktop' }),
  );
  harness.configure({ registries: {}, dockerConfigFiles: ['config.json'] });
  const { status, stdout, stderr } = await harness.run(['check']);
  expect([status, stderr]).toEqual([1, '']);
  const words = stdout.replaceAll(/\s+/g, ' ');
  expect(words).toContain(
    'hint: config.json, credsStore is ignored: Greenpin does not run credential helpers;',
  );
});
