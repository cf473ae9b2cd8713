/** Tags that more than one build pushes, and builds that are run again (design §2), over HTTP. */
import { describe, expect, it } from 'vitest';
import type { FakeRun } from '../../src/cli/demo/workflow-runs.ts';
import { FRESH_FOR, REPOSITORY } from '../fixtures/plugin/config.ts';
import { createPluginHarness, type PluginHarness } from '../fixtures/plugin/harness.ts';

const RED = { conclusion: 'failure' };
const RUNNING = { status: 'in_progress', conclusion: null };
const NOTHING = { status: 200, answer: 'nothing' };

function worldWith(template: string): Promise<PluginHarness> {
  const images = { front: `registry.test/acme/shop-front:${template}` };
  return createPluginHarness({ project: { images, events: ['push', 'pull_request', 'workflow_dispatch'] } });
}

/** CI runs a new commit, which pushes the tag. @returns the commit, and the image's digest */
function build(harness: PluginHarness, tag: string, run: Partial<FakeRun>, labels?: Record<string, string>) {
  const { id, commit } = harness.build(run.head_branch ?? 'feature', run, []);
  return { id, commit, front: harness.push('front', tag, labels) };
}

describe.each([
  ['pr-{pull_request}', 'pr-5', 'pull_request'],
  ['{branch}', 'feature', 'push'],
  ['{ref_slug}', 'feature', 'workflow_dispatch'],
])('a tag by %s', (template, tag, event) => {
  it.each([
    ['red', RED],
    ['still running', RUNNING],
  ])('that a newer build has moved, which is %s, leaves what was handed out', async (_name, state) => {
    await using harness = await worldWith(template);
    const { commit, front } = build(harness, tag, { event });
    expect(await harness.ask({ number: 5 })).toMatchObject({ status: 200, answer: { commit, front } });
    const newer = build(harness, tag, { event, ...state });
    for (const seconds of [FRESH_FOR, 3600, 86_400]) {
      harness.pass(seconds);
      expect(await harness.ask({ number: 5 })).toMatchObject({ status: 200, answer: { commit, front } });
    }
    harness.github.updateRun(REPOSITORY, newer.id, { status: 'completed', ...RED });
    const newest = build(harness, tag, { event });
    harness.pass(FRESH_FOR);
    const answer = { commit: newest.commit, front: newest.front };
    expect(await harness.ask({ number: 5 })).toMatchObject({ status: 200, answer, freshness: 'fresh' });
  });

  it('that a red build has moved before anybody asked is nobody’s image', async () => {
    await using harness = await worldWith(template);
    build(harness, tag, { event });
    build(harness, tag, { event, ...RED });
    expect(await harness.ask({ number: 5 })).toMatchObject(NOTHING);
  });
});

it('two branches that render one tag never get each other’s image', async () => {
  await using harness = await worldWith('{branch}');
  const slash = build(harness, 'feature-x', { head_branch: 'feature/x' });
  const answer = { commit: slash.commit, front: slash.front };
  expect(await harness.ask({ branch: 'feature/x' })).toMatchObject({ answer });
  const dash = build(harness, 'feature-x', { head_branch: 'feature-x' });
  harness.pass(FRESH_FOR);
  expect(await harness.ask({ branch: 'feature/x' })).toMatchObject({ answer });
  const other = { commit: dash.commit, front: dash.front };
  expect(await harness.ask({ branch: 'feature-x' })).toMatchObject({ answer: other });
});

it('a re-run that pushes the commit’s tag again and ends red does not get its image out', async () => {
  await using harness = await createPluginHarness();
  const { id, commit, pinned } = harness.build('feature');
  expect(await harness.ask()).toMatchObject({ answer: pinned });
  // It leaves the listing's first page, where a re-run would show.
  for (let i = 0; i < 150; i++) harness.github.addRun(REPOSITORY, { head_branch: `other-${i}` });
  harness.pass(FRESH_FOR);
  expect(await harness.ask()).toMatchObject({ answer: pinned });
  harness.github.updateRun(REPOSITORY, id, { run_attempt: 2, ...RED, updated_at: '2026-01-01T06:10:00Z' });
  harness.push('front', `sha-${commit.slice(0, 7)}`);
  harness.push('back', `sha-${commit.slice(0, 7)}`);
  for (const seconds of [FRESH_FOR, 3600, 3600, 86_400]) {
    harness.pass(seconds);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: pinned });
  }
});

it('“re-run failed jobs” leaves the image of the first attempt the build’s', async () => {
  await using harness = await worldWith('{build_id}-{attempt}');
  const { id, commit } = harness.build('feature', { run_attempt: 2 }, []);
  const front = harness.push('front', `${id}-1`);
  expect(await harness.ask()).toMatchObject({ status: 200, answer: { commit, front } });
});

it('a run of a tag that bears the branch’s name is not the branch’s build', async () => {
  await using harness = await createPluginHarness();
  const { pinned } = harness.build('v1');
  harness.build('v1', { path: '.github/workflows/build.yml@refs/tags/v1' });
  expect(await harness.ask({ branch: 'v1' })).toMatchObject({ answer: pinned });
});
