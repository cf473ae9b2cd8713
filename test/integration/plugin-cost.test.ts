/** What a poll costs the upstreams (design §5), counted at the upstreams. */
import { describe, expect, it, vi } from 'vitest';
import { FRESH_FOR, IMAGES, REPOSITORY } from '../fixtures/plugin/config.ts';
import { createPluginHarness, type PluginHarness } from '../fixtures/plugin/harness.ts';

/** Asks, and counts. */
async function costOf(harness: PluginHarness, asking: () => Promise<unknown>) {
  const { github, registry } = harness;
  const before = { github: github.requests.length, registry: registry.requests.length };
  const quota = github.quota.remaining;
  await asking();
  return {
    github: github.requests.length - before.github,
    registry: registry.requests.length - before.registry,
    quota: quota - github.quota.remaining,
  };
}

const NOTHING = { github: 0, registry: 0, quota: 0 };
/** A listing that has not changed is free. */
const UNCHANGED = { ...NOTHING, github: 1 };
const MINUTE = 60;

function buildMany(harness: PluginHarness, count: number): string[] {
  const branches = Array.from({ length: count }, (_, i) => `branch-${i}`);
  for (const branch of branches) harness.build(branch);
  return branches;
}

describe('asking again', () => {
  it('costs nothing until freshFor has passed', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    const first = await harness.ask();
    harness.pass(FRESH_FOR - 1);
    const cost = await costOf(harness, async () => {
      expect(await harness.ask()).toMatchObject({ text: first.text, freshness: 'fresh', age: FRESH_FOR - 1 });
    });
    expect(cost).toEqual(NOTHING);
  });

  it('costs nothing for an empty list either', async () => {
    await using harness = await createPluginHarness();
    harness.github.addRepository(REPOSITORY);
    await harness.ask();
    harness.pass(FRESH_FOR - 1);
    expect(await costOf(harness, () => harness.ask())).toEqual(NOTHING);
  });

  it('costs one conditional listing afterwards, which is free while nothing is new', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    await harness.ask();
    for (let poll = 0; poll < 3; poll++) {
      harness.pass(FRESH_FOR);
      expect(await costOf(harness, () => harness.ask())).toEqual(UNCHANGED);
      expect(harness.github.requests.at(-1)?.headers['if-none-match']).toMatch(/^W\//);
      expect(await harness.ask()).toMatchObject({ status: 200, freshness: 'fresh', age: 0 });
    }
  });

  it('costs one listing and the images when one build is new', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    await harness.ask();
    harness.build('feature');
    harness.pass(FRESH_FOR);
    expect(await costOf(harness, () => harness.ask())).toEqual({ github: 1, registry: 2, quota: 1 });
  });

  it('re-checks an image under an immutable tag once an hour', async () => {
    await using harness = await createPluginHarness({ guard: 'none' });
    harness.build('feature');
    await harness.ask();
    harness.pass(59 * MINUTE);
    expect(await costOf(harness, () => harness.ask())).toEqual(UNCHANGED);
    harness.pass(MINUTE);
    expect(await costOf(harness, () => harness.ask())).toEqual({ ...UNCHANGED, registry: 2 });
  });

  it('asks for a tag that can move each time that freshFor has passed, by HEAD', async () => {
    const front = { reference: 'registry.test/acme/shop-front:{branch}', revision: 'ignore' };
    await using harness = await createPluginHarness({ guard: 'none', project: { images: { front } } });
    harness.build('feature', {}, []);
    harness.push('front', 'feature');
    await harness.ask();
    harness.pass(FRESH_FOR);
    expect(await costOf(harness, () => harness.ask())).toEqual({ ...UNCHANGED, registry: 1 });
    expect(harness.registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
  });
});

describe('many branches', () => {
  it('cost one listing together, asked for one after another', async () => {
    await using harness = await createPluginHarness({ guard: 'none' });
    const branches = buildMany(harness, 50);
    const cost = await costOf(harness, async () => {
      for (const branch of branches) expect(await harness.ask({ branch })).toMatchObject({ status: 200 });
    });
    expect(cost).toEqual({ github: 1, registry: 50 * 2, quota: 1 });
    harness.pass(FRESH_FOR);
    const again = await costOf(harness, async () => {
      for (const branch of branches)
        expect(await harness.ask({ branch })).toMatchObject({ status: 200, age: 0 });
    });
    expect(again).toEqual(UNCHANGED);
  });

  it('cost one listing together, asked for at once, also of several projects', async () => {
    const other = { repository: 'Acme/Shop', images: { front: IMAGES.front } };
    await using harness = await createPluginHarness({ guard: 'none', projects: { other } });
    const branches = buildMany(harness, 50);
    const cost = await costOf(harness, () =>
      Promise.all([
        ...branches.map((branch) => harness.ask({ branch, project: 'shop' })),
        ...branches.map((branch) => harness.ask({ branch, project: 'other' })),
      ]),
    );
    expect(cost).toEqual({ github: 1, registry: 50 * 2, quota: 1 });
  });

  it('have their new images asked for together, as soon as a listing shows them', async () => {
    await using harness = await createPluginHarness({ guard: 'none' });
    const branches = buildMany(harness, 3);
    for (const branch of branches) await harness.ask({ branch });
    const newest = new Map(branches.map((branch) => [branch, harness.build(branch)]));
    harness.pass(FRESH_FOR);
    const cost = await costOf(harness, async () => {
      await harness.ask({ branch: branches[0] });
      await vi.waitFor(() => expect(harness.registry.requests).toHaveLength(2 * 3 * 2), { timeout: 60_000 });
    });
    expect(cost).toEqual({ github: 1, registry: 3 * 2, quota: 1 });
    const rest = await costOf(harness, async () => {
      for (const [branch, { pinned }] of newest) {
        expect(await harness.ask({ branch })).toMatchObject({
          status: 200,
          answer: pinned,
          freshness: 'fresh',
        });
      }
    });
    expect(rest).toEqual(NOTHING);
  });

  it('wait for one time-out, not for one each', async () => {
    await using harness = await createPluginHarness({ deadlineMs: 4000 });
    harness.github.fault({ kind: 'hang' });
    const cost = await costOf(harness, async () => {
      for (let i = 0; i < 10; i++) {
        expect(await harness.ask({ branch: `branch-${i}` })).toMatchObject({ status: 502 });
        harness.pass(0.5);
      }
    });
    expect(cost.github).toBe(1);
  });
});

describe('calls at one time', () => {
  it('join: one branch is asked for once', async () => {
    await using harness = await createPluginHarness({ guard: 'none' });
    const { pinned } = harness.build('feature');
    const cost = await costOf(harness, async () => {
      const replies = await Promise.all(Array.from({ length: 20 }, () => harness.ask()));
      for (const reply of replies) expect(reply).toMatchObject({ status: 200, answer: pinned });
    });
    expect(cost).toEqual({ github: 1, registry: 2, quota: 1 });
  });

  it('share one token for each image repository', async () => {
    await using harness = await createPluginHarness();
    const branches = buildMany(harness, 10);
    await Promise.all(branches.map((branch) => harness.ask({ branch })));
    expect(harness.registry.tokens).toHaveLength(2);
  });
});

it('a GitHub that names a time is left alone until then, by all branches', async () => {
  await using harness = await createPluginHarness();
  const [first = '', second = ''] = buildMany(harness, 2);
  const headers = { 'retry-after': '40' };
  harness.github.fault({ kind: 'status', status: 429, headers, body: '{}' }, { times: 1 });
  expect(await harness.ask({ branch: first })).toMatchObject({
    status: 503,
    answer: { error: 'rate_limited' },
  });
  harness.pass(39);
  const cost = await costOf(harness, async () => {
    expect(await harness.ask({ branch: second })).toMatchObject({
      status: 503,
      answer: { error: 'rate_limited' },
    });
  });
  expect(cost).toEqual(NOTHING);
  harness.pass(1);
  expect(await harness.ask({ branch: second })).toMatchObject({ status: 200, freshness: 'fresh' });
});

it('freshness stretches before the quota ends, and answers tell their age', async () => {
  await using harness = await createPluginHarness();
  harness.build('feature');
  harness.github.quota.remaining = 101;
  await harness.ask();
  harness.pass(4 * MINUTE);
  const cost = await costOf(harness, async () => {
    expect(await harness.ask()).toMatchObject({ status: 200, freshness: 'fresh', age: 4 * MINUTE });
  });
  expect(cost).toEqual(NOTHING);
  // A hundred of 5,000 calls are left: a tenth of the last fifth.
  expect(await harness.metrics()).toContain('greenpin_fresh_for_seconds{ci="github"} 271.5\n');
});
