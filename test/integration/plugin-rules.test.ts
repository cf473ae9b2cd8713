/** Which builds count, and which images are theirs (design §2, below the table), over HTTP. */
import { describe, expect, it } from 'vitest';
import { FORK } from '../fixtures/fake-github-data.ts';
import { FRESH_FOR, IMAGES, REPOSITORY } from '../fixtures/plugin-config.ts';
import type { Reply } from '../fixtures/plugin-reply.ts';
import { createPluginWorld } from '../fixtures/plugin-world.ts';

const NOTHING = { status: 200, answer: 'nothing', freshness: 'fresh' };
const TEST = '.github/workflows/test.yml';
const BOTH = ['.github/workflows/build.yml', TEST];
const RED = { conclusion: 'failure' };

describe('a commit with several workflows', () => {
  it('is no build while one that is named has not run for it', async () => {
    await using world = await createPluginWorld({ project: { workflows: BOTH } });
    const { commit, pinned } = world.build('feature');
    expect(await world.ask()).toMatchObject(NOTHING);
    world.github.addRun(REPOSITORY, { head_branch: 'feature', head_sha: commit, path: TEST });
    world.pass(FRESH_FOR);
    expect(await world.ask()).toMatchObject({ status: 200, answer: pinned });
  });

  it.each([
    { project: { workflows: BOTH }, which: 'named' },
    { project: { workflows: undefined }, which: 'any, when none is named,' },
  ])('is not green while one that is $which is red', async ({ project }) => {
    await using world = await createPluginWorld({ project });
    const older = world.build('feature');
    world.github.addRun(REPOSITORY, { head_branch: 'feature', head_sha: older.commit, path: TEST });
    const newer = world.build('feature');
    world.github.addRun(REPOSITORY, { head_branch: 'feature', head_sha: newer.commit, path: TEST, ...RED });
    expect(await world.ask()).toMatchObject({ status: 200, answer: older.pinned });
  });

  it('is green when only one that is not named is red', async () => {
    await using world = await createPluginWorld();
    const { commit, pinned } = world.build('feature');
    world.github.addRun(REPOSITORY, { head_branch: 'feature', head_sha: commit, path: TEST, ...RED });
    expect(await world.ask()).toMatchObject({ status: 200, answer: pinned });
  });
});

it('a run on an event that is not listed does not count', async () => {
  await using world = await createPluginWorld({ project: { events: ['push'] } });
  const older = world.build('feature');
  world.build('feature', { event: 'workflow_dispatch' });
  expect(await world.ask()).toMatchObject({ status: 200, answer: older.pinned });
});

it('another branch of the repository is another answer', async () => {
  await using world = await createPluginWorld();
  const feature = world.build('feature');
  const slashed = world.build('feature/deep & wide?#%');
  expect(await world.ask()).toMatchObject({ answer: feature.pinned });
  expect(await world.ask({ branch: 'feature/deep & wide?#%' })).toMatchObject({ answer: slashed.pinned });
});

it('each project of a repository has an answer and a last good one of its own', async () => {
  const images = { front: IMAGES.front };
  const only = { repository: REPOSITORY, images };
  await using world = await createPluginWorld({ projects: { only } });
  world.build('another');
  const { id, commit, pinned } = world.build('feature', {}, ['front']);
  expect(await world.ask({ project: 'shop' })).toMatchObject(NOTHING);
  const answer = { commit, front: pinned['front'] };
  expect(await world.ask({ project: 'only' })).toMatchObject({ status: 200, answer });
  world.github.deleteRun(REPOSITORY, id);
  world.pass(FRESH_FOR);
  expect(await world.ask({ project: 'shop' })).toMatchObject(NOTHING);
  expect(await world.ask({ project: 'only' })).toMatchObject({ status: 200, answer });
});

it.each(['bearer', 'basic', 'none'] as const)(
  'images are found in a registry guarded by: %s',
  async (guard) => {
    await using world = await createPluginWorld({ guard });
    const { pinned } = world.build('feature');
    expect(await world.ask()).toMatchObject({ status: 200, answer: pinned });
  },
);

function setOf({ text }: Reply): unknown {
  return JSON.parse(text).output.parameters[0];
}

it('handOut is handed out in place of the repository that is asked, fresh and stale', async () => {
  const images = { front: IMAGES.front, back: { ...IMAGES.back, handOut: 'mirror.local/acme/shop-back' } };
  await using world = await createPluginWorld({ project: { images } });
  const { pinned } = world.build('feature');
  const front = { repository: `${world.registry.host}/acme/shop-front` };
  const back = {
    reference: `mirror.local/acme/shop-back@${pinned['back']}`,
    repository: 'mirror.local/acme/shop-back',
  };
  const fresh = await world.ask();
  expect(fresh).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
  expect(setOf(fresh)).toMatchObject({ images: { front, back } });
  world.github.fault({ kind: 'status', status: 503 });
  world.pass(FRESH_FOR);
  const stale = await world.ask();
  expect(stale).toMatchObject({ status: 200, freshness: 'stale', answer: pinned });
  expect(setOf(stale)).toEqual(setOf(fresh));
});

describe("a fork's branch of the same name", () => {
  const FOREIGN = { head_repository: FORK, event: 'pull_request' };

  it('is never taken for ours', async () => {
    await using world = await createPluginWorld();
    const { pinned } = world.build('feature');
    world.build('feature', FOREIGN);
    expect(await world.ask()).toMatchObject({ status: 200, answer: pinned });
  });

  it('is no build when there is none of ours', async () => {
    await using world = await createPluginWorld();
    world.build('feature', FOREIGN);
    expect(await world.ask()).toMatchObject(NOTHING);
  });

  it("does not give its pull request our branch's build", async () => {
    await using world = await createPluginWorld();
    world.build('feature');
    world.build('feature', FOREIGN);
    world.github.addPullRequest(REPOSITORY, 7, FORK);
    expect(await world.ask({ number: 7 })).toMatchObject(NOTHING);
  });

  it('is built for its own pull request with forks: true, and for no other', async () => {
    await using world = await createPluginWorld({ project: { forks: true } });
    const ours = world.build('feature');
    const theirs = world.build('feature', FOREIGN);
    world.github.addPullRequest(REPOSITORY, 7, FORK);
    world.github.addPullRequest(REPOSITORY, 8);
    expect(await world.ask({ number: 7 })).toMatchObject({ status: 200, answer: theirs.pinned });
    expect(await world.ask({ number: 8 })).toMatchObject({ status: 200, answer: ours.pinned });
  });

  it('is an error, not an empty list, while GitHub cannot tell whose the pull request is', async () => {
    await using world = await createPluginWorld();
    world.build('feature', FOREIGN);
    const { pinned } = world.build('feature');
    world.github.addPullRequest(REPOSITORY, 7);
    await world.ask();
    world.github.fault({ kind: 'status', status: 503 });
    expect(await world.ask({ number: 7 })).toMatchObject({
      status: 502,
      answer: { error: 'upstream_failed' },
    });
    world.github.heal();
    world.pass(120);
    expect(await world.ask({ number: 7 })).toMatchObject({ status: 200, answer: pinned });
  });
});

describe('a tag that can move', () => {
  const REVISION = 'org.opencontainers.image.revision';
  const reference = 'registry.test/acme/shop-back:{branch}';
  const project = (revision: string) => ({ images: { back: { ...IMAGES.back, reference, revision } } });

  it('is answered with the image that a push made for the commit', async () => {
    await using world = await createPluginWorld({ project: project('auto') });
    const { commit } = world.build('feature', {}, []);
    const back = world.push('back', 'feature', { [REVISION]: commit });
    expect(await world.ask()).toMatchObject({ status: 200, answer: { commit, back } });
  });

  it("does not hand out a later red build's image, and keeps the last good one", async () => {
    await using world = await createPluginWorld({ project: project('auto') });
    const { commit } = world.build('feature', {}, []);
    const back = world.push('back', 'feature', { [REVISION]: commit });
    await world.ask();
    const red = world.build('feature', RED, []);
    world.push('back', 'feature', { [REVISION]: red.commit });
    world.pass(FRESH_FOR);
    expect(await world.ask()).toMatchObject({ status: 200, answer: { commit, back } });
    expect(await world.ask({ number: 8 })).toMatchObject(NOTHING);
  });

  const label = (commit: string) => ({ [REVISION]: commit });
  it.each([
    { revision: 'auto', bears: 'no label', labels: () => ({}), taken: true },
    { revision: 'auto', bears: "another commit's label", labels: () => label('f'.repeat(40)), taken: false },
    { revision: 'require', bears: 'no label', labels: () => ({}), taken: false },
    { revision: 'require', bears: "the commit's label", labels: label, taken: true },
    { revision: 'ignore', bears: "another commit's label", labels: () => label('f'.repeat(40)), taken: true },
  ])('with revision $revision and $bears is taken: $taken', async ({ revision, labels, taken }) => {
    await using world = await createPluginWorld({ project: project(revision) });
    const { commit } = world.build('feature', {}, []);
    const back = world.push('back', 'feature', labels(commit));
    const expected = taken ? { status: 200, answer: { commit, back } } : NOTHING;
    expect(await world.ask()).toMatchObject(expected);
  });

  it('is not compared on pull_request, where the label is usually the merge commit', async () => {
    await using world = await createPluginWorld({ project: project('auto') });
    const { commit } = world.build('feature', { event: 'pull_request' }, []);
    const back = world.push('back', 'feature', label('f'.repeat(40)));
    expect(await world.ask()).toMatchObject({ status: 200, answer: { commit, back } });
  });

  it('is an error, not an absent image, when the label cannot be read as it was pushed', async () => {
    await using world = await createPluginWorld({ project: project('auto') });
    const { commit } = world.build('feature', {}, []);
    const back = world.push('back', 'feature', label(commit));
    world.registry.fault({ kind: 'alter', body: '{"config":{"Labels":{}}}' }, { path: /\/blobs\// });
    expect(await world.ask()).toMatchObject({ status: 502, answer: { error: 'upstream_failed' } });
    world.registry.heal();
    world.pass(FRESH_FOR);
    expect(await world.ask()).toMatchObject({ status: 200, answer: { commit, back } });
  });
});
