/** What holds for every command (design §4): where the configuration comes from, JSON, and exit status 2. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCliBed, type CliBed } from './cli-bed.ts';

const COMMIT = 'a1'.repeat(20);

function front(bed: CliBed, tag = 'sha-a1a1a1a'): string {
  return `${bed.registry.host}/acme/shop-front:${tag}`;
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
    await using bed = await createCliBed({ open: true });
    const { status, stdout, stderr } = await bed.run([...args, '--config', '-'], {}, 'management: [1\n');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^greenpin: standard input:\d+:\d+ found .*, expected /);
  });

  test.concurrent('resolve, check and digest are as with the file', async () => {
    await using bed = await createCliBed();
    const digests = bed.build(COMMIT);
    const input = readFileSync(join(bed.folder, 'greenpin.yaml'), 'utf8');
    const elsewhere = { GREENPIN_CONFIG: 'no/such.yaml' };
    const resolved = await bed.run(['resolve', '--branch', 'feature', '--config', '-'], elsewhere, input);
    expect([resolved.status, resolved.stderr]).toEqual([0, '']);
    expect(resolved.stdout).toContain(digests['front']);
    const checked = await bed.run(['check', '-c', '-'], elsewhere, input);
    expect([checked.status, checked.stderr]).toEqual([0, '']);
    expect(checked.stdout).toMatch(/^standard input: valid, 1 project\n/);
    const found = await bed.run(['digest', '--config', '-', front(bed)], elsewhere, input);
    expect(found).toEqual({ status: 0, stdout: `${digests['front']}\n`, stderr: '' });
  });

  test.concurrent('an empty one is told', async () => {
    await using bed = await createCliBed({ open: true });
    expect(await bed.run(['check', '--config', '-'], {}, '')).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'greenpin: standard input: found an empty file, expected a mapping with connections and projects\n',
    });
  });
});

describe('exit status 2:', () => {
  test.concurrent.each(READERS)('%s with an option that it does not know', async (command, args) => {
    await using bed = await createCliBed({ open: true });
    const { status, stdout, stderr } = await bed.run([...args, '--nonsense']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain("unknown option '--nonsense'");
    expect(stderr).toContain(`Try greenpin ${command} --help.`);
  });

  test.concurrent.each(READERS)('%s with a configuration that is not there', async (_, args) => {
    await using bed = await createCliBed({ open: true });
    const { status, stdout, stderr } = await bed.run([...args, '--config', 'no/such.yaml']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^greenpin: no\/such\.yaml: found no such file, expected /);
  });
});

describe('--json', () => {
  test.concurrent(
    'of digest has each image in the order given; the worst outcome is the status',
    async () => {
      await using bed = await createCliBed({ open: true });
      const digests = bed.build(COMMIT);
      const images = [front(bed), 'Not:Valid', front(bed, 'nope')];
      const { status, stdout, stderr } = await bed.run(['digest', '--json', ...images]);
      expect([status, stderr]).toEqual([2, '']);
      expect(JSON.parse(stdout)).toEqual({
        images: [
          { image: images[0], kind: 'found', digest: digests['front'] },
          { image: 'Not:Valid', kind: 'invalid', reason: expect.stringContaining('path component') },
          { image: images[2], kind: 'absent', reason: `${images[2]} is not in the registry` },
        ],
      });
      const one = await bed.run(['digest', '--json', front(bed)]);
      expect(one.status).toBe(0);
      expect(JSON.parse(one.stdout)).toEqual({
        images: [{ image: images[0], kind: 'found', digest: digests['front'] }],
      });
    },
  );

  test.concurrent('of check has the findings, and the same exit status', async () => {
    await using bed = await createCliBed();
    bed.build(COMMIT);
    const well = await bed.run(['check', '--json']);
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
    bed.replaceSecret('github');
    const failed = await bed.run(['check', '--json']);
    expect([failed.status, failed.stderr]).toEqual([1, '']);
    expect(JSON.parse(failed.stdout)).toMatchObject({ failed: 1 });
  });

  test.concurrent('is not begun when the configuration is wrong', async () => {
    await using bed = await createCliBed();
    bed.write('greenpin.yaml', 'connections: []\n');
    for (const args of [
      ['check'],
      ['digest', front(bed), '--config', 'greenpin.yaml'],
      ['resolve', '--branch', 'x'],
    ]) {
      const { status, stdout, stderr } = await bed.run([...args, '--json']);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(
        /^greenpin: greenpin\.yaml:1:1 connections: found a list, expected a mapping, for example /m,
      );
    }
  });
});

test.concurrent('--docker-config takes ~ for the home, as where a shell has left it', async () => {
  await using bed = await createCliBed();
  const digests = bed.build(COMMIT);
  bed.writeDockerConfig('config.json');
  const args = ['digest', '--docker-config=~/config.json', front(bed)];
  expect(await bed.run(args, { HOME: bed.folder })).toMatchObject({
    status: 0,
    stdout: `${digests['front']}\n`,
  });
});

test.concurrent('check tells of a credential helper at the row that fails, and only there', async () => {
  await using bed = await createCliBed();
  bed.build(COMMIT);
  bed.write('config.json', JSON.stringify({ auths: { [bed.registry.host]: {} }, credsStore: 'desktop' }));
  bed.configure({ registries: {}, dockerConfigFiles: ['config.json'] });
  const { status, stdout, stderr } = await bed.run(['check']);
  expect([status, stderr]).toEqual([1, '']);
  const words = stdout.replaceAll(/\s+/g, ' ');
  expect(words).toContain(
    'hint: config.json, credsStore is ignored: Greenpin does not run credential helpers;',
  );
});
