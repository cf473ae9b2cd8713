/** Statuses as a gate on builds of CI, and as builds of their own (`builds: statuses`). */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FORK } from '../fixtures/github/data.ts';
import { FRESH_FOR, REPOSITORY } from '../fixtures/plugin/config.ts';
import { createPluginHarness, type PluginHarness } from '../fixtures/plugin/harness.ts';

const GATED = { guard: 'none', project: { statuses: ['scan', 'ci/*'] } } as const;
const PUSHED = {
  guard: 'none',
  project: {
    builds: 'statuses',
    statuses: ['drone'],
    workflows: undefined,
    images: { front: 'registry.test/acme/shop-front:{commit}' },
  },
} as const;

function pass({ github }: PluginHarness, commit: string): void {
  github.setStatus(REPOSITORY, commit, 'scan', 'success');
  github.setCheckRun(REPOSITORY, commit, 'ci/unit');
}

let pushes = 0;

/** Pushes a commit whose image is built by another CI system. */
function push(harness: PluginHarness, branch: string, state?: 'pending' | 'success') {
  const { github } = harness;
  const commit = createHash('sha1').update(`push ${++pushes}`).digest('hex');
  github.push(REPOSITORY, `refs/heads/${branch}`, commit);
  if (state !== undefined) github.setStatus(REPOSITORY, commit, 'drone', state);
  return { commit, pinned: { commit, front: harness.push('front', commit) } };
}

/** @returns calls to GitHub, and those that count against the quota */
async function costOf({ github }: PluginHarness, asking: () => Promise<unknown>) {
  const [requests, quota] = [github.requests.length, github.quota.remaining];
  await asking();
  return { calls: github.requests.length - requests, quota: quota - github.quota.remaining };
}

describe('a gate', () => {
  it('holds a green build back until its statuses are green', async () => {
    await using harness = await createPluginHarness(GATED);
    const first = harness.build('feature');
    pass(harness, first.commit);
    expect(await harness.ask()).toMatchObject({ status: 200, answer: first.pinned });
    const second = harness.build('feature');
    harness.github.setStatus(REPOSITORY, second.commit, 'scan', 'pending');
    for (const _ of [1, 2]) {
      harness.pass(FRESH_FOR);
      expect(await harness.ask()).toMatchObject({ answer: first.pinned, freshness: 'fresh', age: 0 });
    }
    pass(harness, second.commit);
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ answer: second.pinned, freshness: 'fresh' });
  });

  it('that nothing has passed gives no environment', async () => {
    await using harness = await createPluginHarness(GATED);
    harness.build('feature');
    expect(await harness.ask()).toMatchObject({ status: 200, answer: 'nothing' });
  });

  it('that the token may not read is an error, and keeps what was handed out', async () => {
    await using harness = await createPluginHarness(GATED);
    const first = harness.build('feature');
    pass(harness, first.commit);
    await harness.ask();
    harness.build('feature');
    harness.build('other');
    harness.github.fault(
      { kind: 'status', status: 403, headers: { 'x-ratelimit-remaining': '4000' } },
      { path: /\/status\?/ },
    );
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ answer: first.pinned, freshness: 'stale' });
    expect(await harness.ask({ branch: 'other' })).toMatchObject({
      status: 502,
      text: expect.stringContaining('Commit statuses: read'),
    });
  });
});

describe('the cost of a gate', () => {
  it('is nothing while the head is green, for an hour', async () => {
    await using harness = await createPluginHarness(GATED);
    pass(harness, harness.build('feature').commit);
    expect(await costOf(harness, () => harness.ask())).toEqual({ calls: 3, quota: 3 });
    for (let poll = 0; poll < 20; poll++) {
      harness.pass(120);
      expect(await costOf(harness, () => harness.ask())).toEqual({ calls: 1, quota: 0 });
    }
  });

  it('of a head that waits is free of quota, and falls with the time', async () => {
    await using harness = await createPluginHarness(GATED);
    harness.build('feature');
    await harness.ask();
    harness.pass(FRESH_FOR);
    expect(await costOf(harness, () => harness.ask())).toEqual({ calls: 3, quota: 0 });
    const hour = await costOf(harness, async () => {
      for (let poll = 0; poll < 60; poll++) {
        harness.pass(60);
        await harness.ask();
      }
    });
    expect(hour.quota).toBe(0);
    // A listing each minute, and two lists of statuses each time that a tenth of the time has passed.
    expect(hour.calls).toBeLessThanOrEqual(60 + 2 * 32);
  });

  it('of two hundred heads that wait is bounded', async () => {
    await using harness = await createPluginHarness(GATED);
    const branches = Array.from({ length: 200 }, (_, i) => `branch-${i}`);
    for (const branch of branches) harness.build(branch);
    const askAll = () => Promise.all(branches.map((branch) => harness.ask({ branch })));
    expect(await costOf(harness, askAll)).toEqual({ calls: 3 + 400, quota: 2 + 400 });
    for (let poll = 0; poll < 5; poll++) {
      harness.pass(FRESH_FOR);
      const { quota } = await costOf(harness, askAll);
      expect(quota).toBe(0);
    }
  });
});

describe('builds: statuses', () => {
  it('hands out the newest commit whose statuses are green', async () => {
    await using harness = await createPluginHarness(PUSHED);
    const first = push(harness, 'feature', 'success');
    const second = push(harness, 'feature', 'pending');
    expect(await harness.ask()).toMatchObject({ status: 200, answer: first.pinned });
    harness.github.setStatus(REPOSITORY, second.commit, 'drone', 'success');
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ answer: second.pinned, freshness: 'fresh', age: 0 });
  });

  it('serves all branches by one list of pushes, which is free while nobody pushes', async () => {
    await using harness = await createPluginHarness(PUSHED);
    const branches = Array.from({ length: 20 }, (_, i) => `branch-${i}`);
    const built = branches.map((branch) => push(harness, branch, 'success'));
    const askAll = async () => {
      for (const [i, branch] of branches.entries()) {
        expect(await harness.ask({ branch })).toMatchObject({ answer: built[i]?.pinned });
      }
    };
    expect(await costOf(harness, askAll)).toEqual({ calls: 1 + 2 * 20, quota: 1 + 2 * 20 });
    harness.pass(FRESH_FOR);
    expect(await costOf(harness, askAll)).toEqual({ calls: 1, quota: 0 });
  });

  it('follows a branch that was reset, forward in time', async () => {
    await using harness = await createPluginHarness(PUSHED);
    const first = push(harness, 'feature', 'success');
    const second = push(harness, 'feature', 'success');
    expect(await harness.ask()).toMatchObject({ answer: second.pinned });
    harness.github.push(REPOSITORY, 'refs/heads/feature', first.commit);
    harness.pass(FRESH_FOR);
    expect(await harness.ask()).toMatchObject({ answer: first.pinned, freshness: 'fresh' });
  });

  it('finds a branch that is older than the log by its head', async () => {
    await using harness = await createPluginHarness(PUSHED);
    const old = push(harness, 'old', 'success');
    harness.github.forgetPushes(REPOSITORY);
    push(harness, 'feature', 'success');
    expect(await harness.ask({ branch: 'old' })).toMatchObject({ answer: old.pinned });
    harness.pass(FRESH_FOR);
    push(harness, 'feature', 'success');
    expect(await harness.ask({ branch: 'old' })).toMatchObject({ answer: old.pinned, freshness: 'fresh' });
  });

  it('gives a fork no image of our branch of the same name', async () => {
    await using harness = await createPluginHarness(PUSHED);
    push(harness, 'feature', 'success');
    harness.github.addPullRequest(REPOSITORY, 7, FORK);
    const head_sha = 'f'.repeat(40);
    expect(await harness.ask({ head_sha, number: 7 })).toMatchObject({ status: 200, answer: 'nothing' });
  });

  it('gives a branch without any push nothing', async () => {
    await using harness = await createPluginHarness(PUSHED);
    push(harness, 'feature', 'success');
    expect(await harness.ask({ branch: 'unknown' })).toMatchObject({ status: 200, answer: 'nothing' });
  });
});
