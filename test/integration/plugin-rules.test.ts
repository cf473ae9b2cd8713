/** Which builds count, and which images are theirs, over HTTP. */
import { describe, expect, it } from 'vitest';
import { FORK } from '../fixtures/github/data.ts';
import { FRESH_FOR, IMAGES, REPOSITORY } from '../fixtures/plugin/config.ts';
import type { Reply } from '../fixtures/plugin/reply.ts';
import { createPluginHarness } from '../fixtures/plugin/harness.ts';

const NOTHING = { status: 200, answer: 'nothing', freshness: 'fresh' };
const TEST = '.github/workflows/test.yml';
const BOTH = ['.github/workflows/build.yml', TEST];
const RED = { conclusion: 'failure' };

describe('a commit with several workflows', () => {
  it('is no build while one that is named has not run for it', async () => {
    await using harness = await createPluginHarness({ project: { workflows: BOTH } });
    const { commit, pinned } = harness.build('feature');
    expect(await harness.ask()).toMatchObject(NOTHING);
    harness.github.addRun(REPOSITORY, { head_branch: 'feature', head_sha: commit, path: TEST });
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: pinned });
  });

  it.each([
    { project: { workflows: BOTH }, which: 'named' },
    { project: { workflows: undefined }, which: 'any, when none is named,' },
  ])('is not green while one that is $which is red', async ({ project }) => {
    await using harness = await createPluginHarness({ project });
    const older = harness.build('feature');
    harness.github.addRun(REPOSITORY, { head_branch: 'feature', head_sha: older.commit, path: TEST });
    const newer = harness.build('feature');
    harness.github.addRun(REPOSITORY, { head_branch: 'feature', head_sha: newer.commit, path: TEST, ...RED });
    expect(await harness.ask()).toMatchObject({ status: 200, answer: older.pinned });
  });

  it('is green when only one that is not named is red', async () => {
    await using harness = await createPluginHarness();
    const { commit, pinned } = harness.build('feature');
    harness.github.addRun(REPOSITORY, { head_branch: 'feature', head_sha: commit, path: TEST, ...RED });
    expect(await harness.ask()).toMatchObject({ status: 200, answer: pinned });
  });
});

it('a run on an event that is not listed does not count', async () => {
  await using harness = await createPluginHarness({ project: { events: ['push'] } });
  const older = harness.build('feature');
  harness.build('feature', { event: 'workflow_dispatch' });
  expect(await harness.ask()).toMatchObject({ status: 200, answer: older.pinned });
});

it('another branch of the repository is another answer', async () => {
  await using harness = await createPluginHarness();
  const feature = harness.build('feature');
  const slashed = harness.build('feature/deep & wide?#%');
  expect(await harness.ask()).toMatchObject({ answer: feature.pinned });
  expect(await harness.ask({ branch: 'feature/deep & wide?#%' })).toMatchObject({ answer: slashed.pinned });
});

it('each project of a repository has an answer and a last good one of its own', async () => {
  const images = { front: IMAGES.front };
  const only = { repository: REPOSITORY, images };
  await using harness = await createPluginHarness({ projects: { only } });
  harness.build('another');
  const { id, commit, pinned } = harness.build('feature', {}, ['front']);
  expect(await harness.ask({ project: 'shop' })).toMatchObject(NOTHING);
  const answer = { commit, front: pinned['front'] };
  expect(await harness.ask({ project: 'only' })).toMatchObject({ status: 200, answer });
  harness.github.deleteRun(REPOSITORY, id);
  harness.pass(FRESH_FOR);
  expect(await harness.ask({ project: 'shop' })).toMatchObject(NOTHING);
  expect(await harness.ask({ project: 'only' })).toMatchObject({ status: 200, answer });
});

it.each(['bearer', 'basic', 'none'] as const)(
  'images are found in a registry guarded by: %s',
  async (guard) => {
    await using harness = await createPluginHarness({ guard });
    const { pinned } = harness.build('feature');
    expect(await harness.ask()).toMatchObject({ status: 200, answer: pinned });
  },
);

function setOf({ text }: Reply): unknown {
  return JSON.parse(text).output.parameters[0];
}

it('handOut is handed out in place of the repository that is asked, fresh and stale', async () => {
  const images = { front: IMAGES.front, back: { ...IMAGES.back, handOut: 'mirror.local/acme/shop-back' } };
  await using harness = await createPluginHarness({ project: { images } });
  const { pinned } = harness.build('feature');
  const front = { repository: `${harness.registry.host}/acme/shop-front` };
  const back = {
    reference: `mirror.local/acme/shop-back@${pinned['back']}`,
    repository: 'mirror.local/acme/shop-back',
  };
  const fresh = await harness.ask();
  expect(fresh).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
  expect(setOf(fresh)).toMatchObject({ images: { front, back } });
  harness.github.fault({ kind: 'status', status: 503 });
  harness.pass(FRESH_FOR);
  const stale = await harness.ask();
  expect(stale).toMatchObject({ status: 200, freshness: 'stale', answer: pinned });
  expect(setOf(stale)).toEqual(setOf(fresh));
});

describe("a fork's branch of the same name", () => {
  const FOREIGN = { head_repository: FORK, event: 'pull_request' };

  it('is never taken for ours', async () => {
    await using harness = await createPluginHarness();
    const { pinned } = harness.build('feature');
    harness.build('feature', FOREIGN);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: pinned });
  });

  it('is no build when there is none of ours', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature', FOREIGN);
    expect(await harness.ask()).toMatchObject(NOTHING);
  });

  it("does not give its pull request our branch's build", async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    harness.build('feature', FOREIGN);
    harness.github.addPullRequest(REPOSITORY, 7, FORK);
    expect(await harness.ask({ number: 7 })).toMatchObject(NOTHING);
  });

  it('is built for its own pull request with forks: true, and for no other', async () => {
    await using harness = await createPluginHarness({ project: { forks: true } });
    const ours = harness.build('feature');
    const theirs = harness.build('feature', FOREIGN);
    harness.github.addPullRequest(REPOSITORY, 7, FORK);
    harness.github.addPullRequest(REPOSITORY, 8);
    expect(await harness.ask({ number: 7 })).toMatchObject({ status: 200, answer: theirs.pinned });
    expect(await harness.ask({ number: 8 })).toMatchObject({ status: 200, answer: ours.pinned });
  });

  it('is an error, not an empty list, while GitHub cannot tell whose the pull request is', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature', FOREIGN);
    const { pinned } = harness.build('feature');
    harness.github.addPullRequest(REPOSITORY, 7);
    await harness.ask();
    harness.github.fault({ kind: 'status', status: 503 });
    expect(await harness.ask({ number: 7 })).toMatchObject({
      status: 502,
      answer: { error: 'upstream_failed' },
    });
    harness.github.heal();
    harness.pass(120);
    expect(await harness.ask({ number: 7 })).toMatchObject({ status: 200, answer: pinned });
  });
});

describe('a tag that can move', () => {
  const REVISION = 'org.opencontainers.image.revision';
  const reference = 'registry.test/acme/shop-back:{branch}';
  const project = (revision: string) => ({ images: { back: { ...IMAGES.back, reference, revision } } });

  it('is answered with the image that a push made for the commit', async () => {
    await using harness = await createPluginHarness({ project: project('auto') });
    const { commit } = harness.build('feature', {}, []);
    const back = harness.push('back', 'feature', { [REVISION]: commit });
    expect(await harness.ask()).toMatchObject({ status: 200, answer: { commit, back } });
  });

  it("does not hand out a later red build's image, and keeps the last good one", async () => {
    await using harness = await createPluginHarness({ project: project('auto') });
    const { commit } = harness.build('feature', {}, []);
    const back = harness.push('back', 'feature', { [REVISION]: commit });
    await harness.ask();
    const red = harness.build('feature', RED, []);
    harness.push('back', 'feature', { [REVISION]: red.commit });
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: { commit, back } });
    expect(await harness.ask({ number: 8 })).toMatchObject(NOTHING);
  });

  const label = (commit: string) => ({ [REVISION]: commit });
  it.each([
    { revision: 'auto', bears: 'no label', labels: () => ({}), taken: true },
    { revision: 'auto', bears: "another commit's label", labels: () => label('f'.repeat(40)), taken: false },
    { revision: 'require', bears: 'no label', labels: () => ({}), taken: false },
    { revision: 'require', bears: "the commit's label", labels: label, taken: true },
    { revision: 'ignore', bears: "another commit's label", labels: () => label('f'.repeat(40)), taken: true },
  ])('with revision $revision and $bears is taken: $taken', async ({ revision, labels, taken }) => {
    await using harness = await createPluginHarness({ project: project(revision) });
    const { commit } = harness.build('feature', {}, []);
    const back = harness.push('back', 'feature', labels(commit));
    const expected = taken ? { status: 200, answer: { commit, back } } : NOTHING;
    expect(await harness.ask()).toMatchObject(expected);
  });

  it('is not compared on pull_request, where the label is usually the merge commit', async () => {
    await using harness = await createPluginHarness({ project: project('auto') });
    const { commit } = harness.build('feature', { event: 'pull_request' }, []);
    const back = harness.push('back', 'feature', label('f'.repeat(40)));
    expect(await harness.ask()).toMatchObject({ status: 200, answer: { commit, back } });
  });

  it('is an error, not an absent image, when the label cannot be read as it was pushed', async () => {
    await using harness = await createPluginHarness({ project: project('auto') });
    const { commit } = harness.build('feature', {}, []);
    const back = harness.push('back', 'feature', label(commit));
    harness.registry.fault({ kind: 'alter', body: '{"config":{"Labels":{}}}' }, { path: /\/blobs\// });
    expect(await harness.ask()).toMatchObject({ status: 502, answer: { error: 'upstream_failed' } });
    harness.registry.heal();
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: { commit, back } });
  });
});
