/** `greenpin resolve` as a process, between a GitHub and a registry on loopback. */
import { describe, expect, test } from 'vitest';
import { createCliHarness } from '../fixtures/cli/harness.ts';

const OLD = 'a1'.repeat(20);
const NEW = 'b2'.repeat(20);

test.concurrent(
  'answered: exit status 0, and a text that tells each build, each image and what is answered',
  async () => {
    await using harness = await createCliHarness();
    const old = harness.build(OLD);
    const newer = harness.build(NEW, {}, ['front']);
    const { status, stdout, stderr } = await harness.run([
      'resolve',
      '--branch',
      'feature',
      '--head-sha',
      NEW,
    ]);
    expect([status, stderr]).toEqual([0, '']);
    expect(harness.stable(stdout).replace(/as of .* UTC/, 'as of NOW')).toBe(`shop: feature (acme/shop)

Builds, newest first (times in UTC):
  ✓ b2b2b2b  #2  2026-01-01 00:02  green: build.yml success (push); skipped, missing back
      front  REGISTRY/acme/shop-front:sha-b2b2b2b
             ${newer['front']}
      back   absent: REGISTRY/acme/shop-back:sha-b2b2b2b is not in the registry
  ✓ a1a1a1a  #1  2026-01-01 00:01  green: build.yml success (push); used
      front  REGISTRY/acme/shop-front:sha-a1a1a1a
             ${old['front']}
      back   REGISTRY/acme/shop-back:sha-a1a1a1a
             ${old['back']}

Answer, fresh, as of NOW
  the newest green build whose images are all in the registry
  build        ${OLD} #1
  url          https://github.com/acme/shop/actions/runs/10000000001
  isHead       false (head b2b2b2b)
  digestFront  ${old['front']}
  digestBack   ${old['back']}
`);
  },
);

test.concurrent('--json: the same as JSON, nothing else on stdout', async () => {
  await using harness = await createCliHarness();
  const { front, back } = harness.build(OLD);
  const { status, stdout, stderr } = await harness.run([
    'resolve',
    '-b',
    'feature',
    '--number',
    '7',
    '--json',
  ]);
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject({
    project: 'shop',
    branch: 'feature',
    headSha: null,
    number: '7',
    answer: {
      kind: 'answered',
      freshness: 'fresh',
      parameters: [{ digestFront: front, digestBack: back, build: { commit: OLD } }],
    },
    builds: [
      { commit: OLD, verdict: 'green', images: { front: { kind: 'found' }, back: { kind: 'found' } } },
    ],
    hints: [],
  });
});

test.concurrent('a branch that is misspelt: which one was probably meant', async () => {
  await using harness = await createCliHarness();
  harness.build(OLD);
  const { status, stdout, stderr } = await harness.run(['resolve', '--branch', 'origin/feature']);
  expect([status, stderr]).toEqual([3, '']);
  expect(stdout).toContain('Builds: none. CI has no run of this branch.');
  const hint = 'CI has no run of origin/feature; did you mean feature?';
  expect(stdout).toContain(`hint: ${hint}`);
  const json = await harness.run(['resolve', '--branch', 'origin/feature', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ answer: { kind: 'nothing' }, hints: [hint] });
});

test.concurrent('nothing to deploy: exit status 3', async () => {
  await using harness = await createCliHarness();
  harness.build(OLD, { conclusion: 'failure' }, []);
  const { status, stdout, stderr } = await harness.run(['resolve', '-b', 'feature']);
  expect([status, stderr]).toEqual([3, '']);
  expect(stdout).toContain('CI knows no green build whose images are all in the registry');
});

describe('a fault: exit status 1, with the reason', () => {
  test.concurrent('of CI', async () => {
    await using harness = await createCliHarness();
    harness.replaceSecret('github');
    const { status, stdout, stderr } = await harness.run(['resolve', '-b', 'feature']);
    expect([status, stderr]).toEqual([1, '']);
    expect(harness.stable(stdout)).toMatch(
      /Answer: upstream_failed\n {2}project shop, branch feature: GITHUB does not accept the token of connection "github".*\n {2}hint: run greenpin check: it tests every connection/,
    );
  });

  test.concurrent('of the registry, as JSON', async () => {
    await using harness = await createCliHarness();
    harness.build(OLD);
    harness.registry.fault({ kind: 'status', status: 500 });
    const { status, stdout } = await harness.run(['resolve', '-b', 'feature', '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(harness.stable(stdout))).toMatchObject({
      answer: {
        kind: 'failed',
        error: 'upstream_failed',
        message: 'project shop, branch feature: REGISTRY cannot answer now (500)',
      },
      builds: [{ images: { front: { kind: 'failed', reason: 'REGISTRY cannot answer now (500)' } } }],
    });
  });
});

test.concurrent('a workflow that is misspelt: what was probably meant', async () => {
  await using harness = await createCliHarness();
  harness.build(OLD);
  const images = { front: `${harness.registry.host}/acme/shop-front:sha-{commit:7}` };
  const workflows = ['.github/workflows/biuld.yml'];
  harness.configure({ projects: { shop: { repository: 'acme/shop', workflows, images } } });
  const { status, stdout } = await harness.run(['resolve', '-b', 'feature']);
  expect(status).toBe(3);
  expect(stdout).toContain(
    'hint: the branch has no run of .github/workflows/biuld.yml; did you mean .github/workflows/build.yml?\n',
  );
});

test.concurrent(
  'options that are not valid: exit status 2, all in one line, and a pointer to help',
  async () => {
    await using harness = await createCliHarness();
    const options = ['--project', 'shap', '--number', 'seven', '--head-sha', 'a1a1a1a'];
    const { status, stdout, stderr } = await harness.run(['resolve', '-b', 'feature', ...options]);
    expect([status, stdout]).toEqual([2, '']);
    const [problems, ...others] = stderr.split('\n');
    expect(problems).toContain('project "shap" is not configured; expected one of "shop"');
    expect(problems).toMatch(/number must be a positive integer, .*found "seven"/);
    expect(problems).toMatch(/head_sha must be a commit of .*found "a1a1a1a"/);
    expect(others).toEqual(['Try greenpin resolve --help.', '']);
    expect(harness.github.requests).toEqual([]);
  },
);

test.concurrent('names of branches and workflows cannot steer the terminal', async () => {
  await using harness = await createCliHarness();
  const branch = 'feature\u202egnp';
  harness.build(OLD, { head_branch: branch, path: '.github/workflows/\u001b[2J\u0007.yml' });
  const asText = await harness.run(['resolve', '-b', branch], { FORCE_COLOR: '1' });
  const asJson = await harness.run(['resolve', '-b', branch, '--json']);
  expect(asText.status).toBe(0);
  expect(asText.stdout).toContain(String.raw`shop: feature\u{202e}gnp`);
  expect(asText.stdout).toContain(String.raw`\u{1b}[2J\u{7}.yml success`);
  for (const { stdout, stderr } of [asText, asJson]) {
    expect(stdout.replaceAll('\n', '') + stderr).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
  expect(JSON.parse(asJson.stdout)).toMatchObject({ branch });
});
