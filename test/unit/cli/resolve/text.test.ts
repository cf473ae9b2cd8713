import { describe, expect, test } from 'vitest';
import { formatResolveReport } from '../../../../src/cli/resolve/text.ts';
import type { Colors } from '../../../../src/cli/terminal/colors.ts';
import {
  createBuild,
  createImageRule,
  createPinnedImage,
  createProject,
  digest,
  sha,
} from '../../../fixtures/builders.ts';
import { reportOf, type Situation } from '../../../fixtures/cli/branch-report.ts';

const plain: Colors = (_format, text) => text;

async function textOf(situation: Situation, paint = plain): Promise<string> {
  return formatResolveReport(await reportOf(situation), paint);
}
async function linesOf(situation: Situation): Promise<string[]> {
  return (await textOf(situation)).split('\n');
}
/** @returns the line that tells of the build with this run id */
async function lineOf(id: string, situation: Situation): Promise<string | undefined> {
  return (await linesOf(situation)).find((line) => line.includes(` ${sha(id).slice(0, 7)}  #${id} `));
}

const SEVEN = { runs: [{ id: '7' }], front: ['7'], back: ['7'] };

test('an answer lists the builds, newest first, and then the parameters', async () => {
  expect(
    await textOf({
      runs: [
        { id: '7' },
        { id: '8' },
        { id: '9', state: 'unsuccessful' },
        { id: '10', state: 'running' },
        { id: '3', event: 'schedule' },
      ],
      front: ['7', '8'],
      back: ['7'],
      request: { number: '17', headSha: sha('10') },
    }),
  ).toBe(`shop: feature (acme/shop, pull request 17)

Builds, newest first (times in UTC):
  … 1000000  #10  1970-01-01 00:00  running: build.yml in_progress (push)
  ✗ 9000000  #9   1970-01-01 00:00  unsuccessful: build.yml failure (push)
  ✓ 8000000  #8   1970-01-01 00:00  green: build.yml success (push); skipped, missing back
      front  registry.test/shop/front:sha-8000000
             ${digest('f8')}
      back   registry.test/shop/back:sha-8000000  absent: MANIFEST_UNKNOWN
  ✓ 7000000  #7   1970-01-01 00:00  green: build.yml success (push); used
      front  registry.test/shop/front:sha-7000000
             ${digest('f7')}
      back   registry.test/shop/back:sha-7000000
             ${digest('b7')}
Ignored runs:
  1 × event schedule is not in events

Answer, fresh, as of 1970-01-01 00:00:01 UTC
  the newest green build whose images are all in the registry
  build        ${sha('7')} #7
  url          https://ci.test/runs/7
  isHead       false (head 1000000)
  digestFront  ${digest('f7')}
  digestBack   ${digest('b7')}`);
});

describe('the note about a build', () => {
  test('marks a green one that a newer one supersedes', async () => {
    const situation = { runs: [{ id: '7' }, { id: '8' }], front: ['8'], back: ['8'] };
    expect(await lineOf('7', situation)).toMatch(/green: .*; not examined$/);
    expect(await lineOf('8', situation)).toMatch(/green: .*; used$/);
  });

  test('marks one that an outage leaves in doubt', async () => {
    const line = await lineOf('7', { ...SEVEN, failing: ['back'] });
    expect(line).toMatch(/green: .*; cannot be checked: back$/);
  });

  test('marks one that lacks a workflow', async () => {
    const project = createProject({
      workflows: ['.github/workflows/build.yml', '.github/workflows/lint.yml'],
    });
    expect(await lineOf('7', { ...SEVEN, request: { project } })).toMatch(
      / \? 7000000 .*incomplete: no run of lint\.yml$/,
    );
  });

  test('says "used" for the one that was handed out before', async () => {
    const set = pinnedSet();
    const lines = await linesOf({ ...SEVEN, failing: ['back'], lastGood: { set, confirmedAt: 500 } });
    expect(lines).toContainEqual(expect.stringMatching(/7000000.*; used$/));
    expect(lines).toContain('Answer, stale, as of 1970-01-01 00:00:00 UTC');
    expect(lines).toContain('  kept what was handed out before: upstream.test cannot answer now');
  });
});

function pinnedSet() {
  const build = createBuild({ id: '7' });
  const [front, back] = [createImageRule('front'), createImageRule('back')];
  const images = {
    front: createPinnedImage(front, build, { digest: digest('f7') }),
    back: createPinnedImage(back, build, { digest: digest('b7') }),
  };
  return { build, images };
}

test('an image of an earlier build is marked', async () => {
  const images = [createImageRule('front'), createImageRule('back', { onMissing: 'previous' })];
  const lines = await linesOf({
    runs: [{ id: '7' }, { id: '8' }],
    front: ['7', '8'],
    back: ['7'],
    request: { project: createProject({ images }) },
  });
  expect(lines).toContain('      back   registry.test/shop/back:sha-7000000  from build 7000000');
});

test('an image of the target branch is marked', async () => {
  const images = [createImageRule('front'), createImageRule('back', { onMissing: 'target' })];
  const lines = await linesOf({
    runs: [{ id: '7', branch: 'main' }, { id: '8' }],
    front: ['8'],
    back: ['7'],
    request: { project: createProject({ images }), targetBranch: 'main' },
  });
  expect(lines).toContain(
    '      back   registry.test/shop/back:sha-7000000  from build 7000000 of the target branch main',
  );
});

test('an invalid reference is marked', async () => {
  const images = [createImageRule('front', { text: 'registry.test/shop/front:pr-{pull_request}' })];
  const lines = await linesOf({ runs: [{ id: '7' }], request: { project: createProject({ images }) } });
  expect(lines).toContainEqual(
    expect.stringMatching(/^ {6}front {2}invalid reference: project shop, image front: /),
  );
  expect(lines).toContain('Answer: invalid_request');
});

test('a failure shows its error, and does not claim that there are no builds', async () => {
  const lines = await linesOf({ ciFails: true });
  expect(lines).toContain('Builds: unknown.');
  expect(lines.slice(-2)).toEqual([
    'Answer: upstream_failed',
    '  project shop, branch feature: upstream.test cannot answer now',
  ]);
});

test('nothing to deploy says why', async () => {
  const lines = await linesOf({});
  expect(lines).toContain('Builds: none. CI has no run of this branch.');
  expect(lines.slice(-2)).toEqual([
    'Answer: nothing to deploy',
    '  project shop, branch feature: CI has never run for a branch of this name',
  ]);
});

test('the newest ten of many builds are listed, and the others counted', async () => {
  const runs = Array.from({ length: 30 }, (_, i) => ({
    id: String(i + 101),
    state: 'unsuccessful' as const,
  }));
  const lines = await linesOf({ runs });
  expect(lines.filter((line) => line.startsWith('  ✗'))).toHaveLength(10);
  expect(lines).toContain('  and 20 older');
});

test('every build whose images were looked at is listed', async () => {
  const runs = Array.from({ length: 30 }, (_, i) => ({
    id: String(i + 101),
    ...(i > 0 && { state: 'unsuccessful' as const }),
  }));
  const lines = await linesOf({ runs, front: ['101'], back: ['101'] });
  expect(lines.filter((line) => line.startsWith('  ✗'))).toHaveLength(29);
  expect(lines).toContainEqual(expect.stringMatching(/1010000 {2}#101 .*; used$/));
});

test('control characters from outside do not reach the terminal', async () => {
  const branch = 'fea\u001b[31mture\u009b';
  const text = await textOf({
    runs: [
      { id: '7', workflow: '.github/workflows/\u001b]0;owned\u0007.yml', branch },
      { id: '8', event: '\u001b[2J\u202e', workflow: 'w', branch },
    ],
    request: { branch, project: createProject({ workflows: [] }) },
  });
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(text).toContain(String.raw`shop: fea\u{1b}[31mture\u{9b}`);
  expect(text).toContain(String.raw`\u{1b}]0;owned\u{7}.yml success`);
  expect(text).toContain(String.raw`event \u{1b}[2J\u{202e} is not in events`);
});

test('colours mark, and change no word', async () => {
  const situation = { ...SEVEN, runs: [{ id: '7' }, { id: '8', state: 'unsuccessful' as const }] };
  const painted = await textOf(situation, (format, text) => `<${format}>${text}</${format}>`);
  expect(painted).toContain('<red>✗</red>');
  expect(painted).toContain('<green>✓</green>');
  expect(painted).toContain('<green>Answer, fresh');
  expect(painted.replaceAll(/<\/?\w+>/g, '')).toBe(await textOf(situation));
});
