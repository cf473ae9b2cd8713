/** The table of answers, over HTTP, from configuration to upstreams. */
import { describe, expect, it } from 'vitest';
import { FRESH_FOR, IMAGES, REPOSITORY } from '../fixtures/plugin/config.ts';
import { createPluginHarness } from '../fixtures/plugin/harness.ts';

const RED = { conclusion: 'failure' };
const RUNNING = { status: 'in_progress', conclusion: null };
const NOTHING = { status: 200, answer: 'nothing', freshness: 'fresh' };
const OUTAGE = { kind: 'status', status: 503 } as const;

/** Longer than any pause after a fault. */
const A_WHILE = 120;

describe('a branch whose newest build is green and complete', () => {
  it('is answered with that build: every promised key, and every leaf a string', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    const { id, commit, pinned } = harness.build('feature');
    const host = harness.registry.host;
    const describeImage = (name: string) => ({
      reference: `${host}/acme/shop-${name}@${pinned[name]}`,
      repository: `${host}/acme/shop-${name}`,
      tag: `sha-${commit.slice(0, 7)}`,
      digest: pinned[name],
    });
    const reply = await harness.ask({ head_sha: commit });
    expect(reply).toMatchObject({ status: 200, freshness: 'fresh', age: 0 });
    expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(JSON.parse(reply.text)).toEqual({
      output: {
        parameters: [
          {
            digestFront: pinned['front'],
            digestBack: pinned['back'],
            images: { front: describeImage('front'), back: describeImage('back') },
            build: {
              commit,
              commitShort: commit.slice(0, 8),
              branch: 'feature',
              branchSlug: 'feature',
              id: String(id),
              number: '2',
              attempt: '1',
              url: `https://github.com/${REPOSITORY}/actions/runs/${id}`,
              finishedAt: '2026-01-01T00:02:30.000Z',
              isHead: 'true',
            },
          },
        ],
      },
    });
  });

  it.each([
    { head: 'none', head_sha: undefined, isHead: '' },
    { head: 'another commit', head_sha: 'f'.repeat(40), isHead: 'false' },
  ])('says isHead "$isHead" when the head that was given is $head', async ({ head_sha, isHead }) => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    expect((await harness.ask({ head_sha })).text).toContain(`"isHead":"${isHead}"`);
  });

  it('follows CI to each newer one', async () => {
    await using harness = await createPluginHarness();
    const first = harness.build('feature');
    expect(await harness.ask()).toMatchObject({ status: 200, answer: first.pinned });
    const second = harness.build('feature');
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({
      status: 200,
      answer: second.pinned,
      freshness: 'fresh',
      age: 0,
    });
  });
});

describe('a branch whose newest build is not green', () => {
  it.each([
    { state: 'red', run: RED },
    { state: 'running', run: RUNNING },
    { state: 'queued', run: { status: 'queued', conclusion: null } },
    { state: 'cancelled', run: { conclusion: 'cancelled' } },
    { state: 'skipped', run: { conclusion: 'skipped' } },
  ])('is answered with the older green one while the newest is $state', async ({ run }) => {
    await using harness = await createPluginHarness();
    const older = harness.build('feature');
    harness.build('feature', run);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: older.pinned, freshness: 'fresh' });
  });

  it('is answered with the newest as soon as it turns green', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    const newest = harness.build('feature', RUNNING);
    await harness.ask();
    harness.github.updateRun(REPOSITORY, newest.id, {
      status: 'completed',
      conclusion: 'success',
      updated_at: '2026-01-01T06:00:10Z',
    });
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: newest.pinned });
  });
});

describe('a green build that lacks an image, positively', () => {
  it.each(['front', 'back'])('gives way to an older complete one when %s is the other', async (pushed) => {
    await using harness = await createPluginHarness();
    const older = harness.build('feature');
    harness.build('feature', {}, [pushed]);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: older.pinned, freshness: 'fresh' });
  });

  it('is taken as a whole once its image is there', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    const { commit, pinned } = harness.build('feature', {}, ['front']);
    await harness.ask();
    const back = harness.push('back', `sha-${commit.slice(0, 7)}`);
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: { ...pinned, back } });
  });

  it('is completed by the older image where the image says onMissing: previous', async () => {
    const images = { ...IMAGES, back: { ...IMAGES.back, onMissing: 'previous' } };
    await using harness = await createPluginHarness({ project: { images } });
    const older = harness.build('feature');
    const newer = harness.build('feature', {}, ['front']);
    expect(await harness.ask()).toMatchObject({
      status: 200,
      answer: { ...newer.pinned, back: older.pinned['back'] },
    });
  });

  it('gives way to builds within lookback only', async () => {
    await using harness = await createPluginHarness({ project: { lookback: 2 } });
    const third = harness.build('feature');
    harness.build('feature', {}, []);
    const first = harness.build('feature', {}, []);
    expect(await harness.ask()).toMatchObject(NOTHING);
    harness.github.deleteRun(REPOSITORY, first.id);
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: third.pinned });
  });
});

describe('a branch without a green and complete build, positively known,', () => {
  it('is answered with an empty list when it never had one', async () => {
    await using harness = await createPluginHarness();
    harness.build('another');
    expect((await harness.ask()).text).toBe('{"output":{"parameters":[]}}');
    harness.build('feature', RED);
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject(NOTHING);
    harness.build('feature', {}, ['front']);
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject(NOTHING);
  });

  it('is answered with 502 when it never had one and onNoBuild is error', async () => {
    await using harness = await createPluginHarness({ project: { onNoBuild: 'error' } });
    harness.build('feature', RED);
    expect(await harness.ask()).toMatchObject({ status: 502, answer: { error: 'upstream_failed' } });
  });

  it.each(['empty', 'error'])(
    'keeps the last good one when CI forgets its run (onNoBuild: %s)',
    async (onNoBuild) => {
      await using harness = await createPluginHarness({ project: { onNoBuild } });
      harness.build('another');
      const { id, pinned } = harness.build('feature');
      await harness.ask();
      harness.github.deleteRun(REPOSITORY, id);
      harness.pass(FRESH_FOR);
      expect(await harness.ask()).toMatchObject({ status: 200, answer: pinned, freshness: 'fresh', age: 0 });
    },
  );

  it('is in doubt when GitHub lists no run at all, where there were some', async () => {
    await using harness = await createPluginHarness();
    const { id, pinned } = harness.build('feature');
    await harness.ask();
    harness.github.deleteRun(REPOSITORY, id);
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: pinned, freshness: 'stale' });
    expect(await harness.ask({ branch: 'another' })).toMatchObject({ status: 502 });
  });

  it('keeps the last good one while a re-run hides its green, and after the re-run fails', async () => {
    await using harness = await createPluginHarness();
    const { id, pinned } = harness.build('feature');
    await harness.ask();
    const changes = [
      { ...RUNNING, run_attempt: 2, updated_at: '2026-01-01T06:00:01Z' },
      { ...RED, status: 'completed', updated_at: '2026-01-01T06:00:20Z' },
    ];
    for (const change of changes) {
      harness.github.updateRun(REPOSITORY, id, change);
      harness.pass(FRESH_FOR);
      expect(await harness.ask()).toMatchObject({ status: 200, answer: pinned });
    }
  });

  it('keeps the last good one when its images are gone', async () => {
    await using harness = await createPluginHarness();
    const { pinned } = harness.build('feature');
    await harness.ask();
    harness.registry.remove('acme/shop-front', pinned['front'] ?? '');
    harness.pass(3600);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: pinned });
  });

  it('starts clean under another pull request, and keeps the first one for the first', async () => {
    await using harness = await createPluginHarness();
    harness.build('another');
    const { id, pinned } = harness.build('feature');
    expect(await harness.ask({ number: 7 })).toMatchObject({ status: 200, answer: pinned });
    harness.github.deleteRun(REPOSITORY, id);
    harness.pass(FRESH_FOR);
    expect(await harness.ask({ number: 8 })).toMatchObject(NOTHING);
    expect(await harness.ask({ number: '7' })).toMatchObject({ status: 200, answer: pinned });
  });
});

describe('an answer never goes backwards', () => {
  it('when CI forgets the newer build, whose images are still there', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    const newer = harness.build('feature');
    await harness.ask();
    harness.github.deleteRun(REPOSITORY, newer.id);
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: newer.pinned, freshness: 'fresh' });
  });

  it('while the registry cannot say whether the newer images are still there', async () => {
    await using harness = await createPluginHarness();
    const older = harness.build('feature');
    const newer = harness.build('feature');
    await harness.ask();
    harness.github.deleteRun(REPOSITORY, newer.id);
    harness.registry.fault(OUTAGE, { path: new RegExp(`manifests/${newer.pinned['front']}`) });
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: newer.pinned, freshness: 'stale' });
    harness.registry.heal();
    harness.registry.remove('acme/shop-front', newer.pinned['front'] ?? '');
    harness.pass(A_WHILE);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: older.pinned, freshness: 'fresh' });
  });

  it('unless the newer image is positively gone', async () => {
    await using harness = await createPluginHarness();
    const older = harness.build('feature');
    const newer = harness.build('feature');
    await harness.ask();
    harness.registry.remove('acme/shop-back', newer.pinned['back'] ?? '');
    harness.registry.remove('acme/shop-back', `sha-${newer.commit.slice(0, 7)}`);
    harness.pass(3600);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: older.pinned, freshness: 'fresh' });
  });
});
