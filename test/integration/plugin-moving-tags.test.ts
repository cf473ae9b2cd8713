/** Tags that more than one build pushes, and builds that are run again (design §2), over HTTP. */
import { describe, expect, it } from 'vitest';
import type { FakeRun } from '../fixtures/fake-github-data.ts';
import { FRESH_FOR, REPOSITORY } from '../fixtures/plugin-config.ts';
import { createPluginWorld, type PluginWorld } from '../fixtures/plugin-world.ts';

const RED = { conclusion: 'failure' };
const RUNNING = { status: 'in_progress', conclusion: null };
const NOTHING = { status: 200, answer: 'nothing' };

function worldWith(template: string): Promise<PluginWorld> {
  const images = { front: `registry.test/acme/shop-front:${template}` };
  return createPluginWorld({ project: { images, events: ['push', 'pull_request', 'workflow_dispatch'] } });
}

/** CI runs a new commit, which pushes the tag. @returns the commit, and the image's digest */
function build(world: PluginWorld, tag: string, run: Partial<FakeRun>, labels?: Record<string, string>) {
  const { id, commit } = world.build(run.head_branch ?? 'feature', run, []);
  return { id, commit, front: world.push('front', tag, labels) };
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
    await using world = await worldWith(template);
    const { commit, front } = build(world, tag, { event });
    expect(await world.ask({ number: 5 })).toMatchObject({ status: 200, answer: { commit, front } });
    const newer = build(world, tag, { event, ...state });
    for (const seconds of [FRESH_FOR, 3600, 86_400]) {
      world.pass(seconds);
      expect(await world.ask({ number: 5 })).toMatchObject({ status: 200, answer: { commit, front } });
    }
    world.github.updateRun(REPOSITORY, newer.id, { status: 'completed', ...RED });
    const newest = build(world, tag, { event });
    world.pass(FRESH_FOR);
    const answer = { commit: newest.commit, front: newest.front };
    expect(await world.ask({ number: 5 })).toMatchObject({ status: 200, answer, freshness: 'fresh' });
  });

  it('that a red build has moved before anybody asked is nobody’s image', async () => {
    await using world = await worldWith(template);
    build(world, tag, { event });
    build(world, tag, { event, ...RED });
    expect(await world.ask({ number: 5 })).toMatchObject(NOTHING);
  });
});

it('two branches that render one tag never get each other’s image', async () => {
  await using world = await worldWith('{branch}');
  const slash = build(world, 'feature-x', { head_branch: 'feature/x' });
  const answer = { commit: slash.commit, front: slash.front };
  expect(await world.ask({ branch: 'feature/x' })).toMatchObject({ answer });
  const dash = build(world, 'feature-x', { head_branch: 'feature-x' });
  world.pass(FRESH_FOR);
  expect(await world.ask({ branch: 'feature/x' })).toMatchObject({ answer });
  const other = { commit: dash.commit, front: dash.front };
  expect(await world.ask({ branch: 'feature-x' })).toMatchObject({ answer: other });
});

it('a re-run that pushes the commit’s tag again and ends red does not get its image out', async () => {
  await using world = await createPluginWorld();
  const { id, commit, pinned } = world.build('feature');
  expect(await world.ask()).toMatchObject({ answer: pinned });
  // It leaves the listing's first page, where a re-run would show.
  for (let i = 0; i < 150; i++) world.github.addRun(REPOSITORY, { head_branch: `other-${i}` });
  world.pass(FRESH_FOR);
  expect(await world.ask()).toMatchObject({ answer: pinned });
  world.github.updateRun(REPOSITORY, id, { run_attempt: 2, ...RED, updated_at: '2026-01-01T06:10:00Z' });
  world.push('front', `sha-${commit.slice(0, 7)}`);
  world.push('back', `sha-${commit.slice(0, 7)}`);
  for (const seconds of [FRESH_FOR, 3600, 3600, 86_400]) {
    world.pass(seconds);
    expect(await world.ask()).toMatchObject({ status: 200, answer: pinned });
  }
});

it('“re-run failed jobs” leaves the image of the first attempt the build’s', async () => {
  await using world = await worldWith('{build_id}-{attempt}');
  const { id, commit } = world.build('feature', { run_attempt: 2 }, []);
  const front = world.push('front', `${id}-1`);
  expect(await world.ask()).toMatchObject({ status: 200, answer: { commit, front } });
});

it('a run of a tag that bears the branch’s name is not the branch’s build', async () => {
  await using world = await createPluginWorld();
  const { pinned } = world.build('v1');
  world.build('v1', { path: '.github/workflows/build.yml@refs/tags/v1' });
  expect(await world.ask({ branch: 'v1' })).toMatchObject({ answer: pinned });
});
