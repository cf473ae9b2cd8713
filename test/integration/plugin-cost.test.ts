/** What a poll costs the upstreams (design §5), counted at the upstreams. */
import { describe, expect, it, vi } from 'vitest';
import { FRESH_FOR, IMAGES, REPOSITORY } from '../fixtures/plugin-config.ts';
import { createPluginWorld, type PluginWorld } from '../fixtures/plugin-world.ts';

/** Asks, and counts. */
async function costOf(world: PluginWorld, asking: () => Promise<unknown>) {
  const { github, registry } = world;
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

function buildMany(world: PluginWorld, count: number): string[] {
  const branches = Array.from({ length: count }, (_, i) => `branch-${i}`);
  for (const branch of branches) world.build(branch);
  return branches;
}

describe('asking again', () => {
  it('costs nothing until freshFor has passed', async () => {
    await using world = await createPluginWorld();
    world.build('feature');
    const first = await world.ask();
    world.pass(FRESH_FOR - 1);
    const cost = await costOf(world, async () => {
      expect(await world.ask()).toMatchObject({ text: first.text, freshness: 'fresh', age: FRESH_FOR - 1 });
    });
    expect(cost).toEqual(NOTHING);
  });

  it('costs nothing for an empty list either', async () => {
    await using world = await createPluginWorld();
    world.github.addRepository(REPOSITORY);
    await world.ask();
    world.pass(FRESH_FOR - 1);
    expect(await costOf(world, () => world.ask())).toEqual(NOTHING);
  });

  it('costs one conditional listing afterwards, which is free while nothing is new', async () => {
    await using world = await createPluginWorld();
    world.build('feature');
    await world.ask();
    for (let poll = 0; poll < 3; poll++) {
      world.pass(FRESH_FOR);
      expect(await costOf(world, () => world.ask())).toEqual(UNCHANGED);
      expect(world.github.requests.at(-1)?.headers['if-none-match']).toMatch(/^W\//);
      expect(await world.ask()).toMatchObject({ status: 200, freshness: 'fresh', age: 0 });
    }
  });

  it('costs one listing and the images when one build is new', async () => {
    await using world = await createPluginWorld();
    world.build('feature');
    await world.ask();
    world.build('feature');
    world.pass(FRESH_FOR);
    expect(await costOf(world, () => world.ask())).toEqual({ github: 1, registry: 2, quota: 1 });
  });

  it('re-checks an image under an immutable tag once an hour', async () => {
    await using world = await createPluginWorld({ guard: 'none' });
    world.build('feature');
    await world.ask();
    world.pass(59 * MINUTE);
    expect(await costOf(world, () => world.ask())).toEqual(UNCHANGED);
    world.pass(MINUTE);
    expect(await costOf(world, () => world.ask())).toEqual({ ...UNCHANGED, registry: 2 });
  });

  it('asks for a tag that can move each time that freshFor has passed, by HEAD', async () => {
    const front = { reference: 'registry.test/acme/shop-front:{branch}', revision: 'ignore' };
    await using world = await createPluginWorld({ guard: 'none', project: { images: { front } } });
    world.build('feature', {}, []);
    world.push('front', 'feature');
    await world.ask();
    world.pass(FRESH_FOR);
    expect(await costOf(world, () => world.ask())).toEqual({ ...UNCHANGED, registry: 1 });
    expect(world.registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
  });
});

describe('many branches', () => {
  it('cost one listing together, asked for one after another', async () => {
    await using world = await createPluginWorld({ guard: 'none' });
    const branches = buildMany(world, 50);
    const cost = await costOf(world, async () => {
      for (const branch of branches) expect(await world.ask({ branch })).toMatchObject({ status: 200 });
    });
    expect(cost).toEqual({ github: 1, registry: 50 * 2, quota: 1 });
    world.pass(FRESH_FOR);
    const again = await costOf(world, async () => {
      for (const branch of branches)
        expect(await world.ask({ branch })).toMatchObject({ status: 200, age: 0 });
    });
    expect(again).toEqual(UNCHANGED);
  });

  it('cost one listing together, asked for at once, also of several projects', async () => {
    const other = { repository: 'Acme/Shop', images: { front: IMAGES.front } };
    await using world = await createPluginWorld({ guard: 'none', projects: { other } });
    const branches = buildMany(world, 50);
    const cost = await costOf(world, () =>
      Promise.all([
        ...branches.map((branch) => world.ask({ branch, project: 'shop' })),
        ...branches.map((branch) => world.ask({ branch, project: 'other' })),
      ]),
    );
    expect(cost).toEqual({ github: 1, registry: 50 * 2, quota: 1 });
  });

  it('have their new images asked for together, as soon as a listing shows them', async () => {
    await using world = await createPluginWorld({ guard: 'none' });
    const branches = buildMany(world, 3);
    for (const branch of branches) await world.ask({ branch });
    const newest = new Map(branches.map((branch) => [branch, world.build(branch)]));
    world.pass(FRESH_FOR);
    const cost = await costOf(world, async () => {
      await world.ask({ branch: branches[0] });
      await vi.waitFor(() => expect(world.registry.requests).toHaveLength(2 * 3 * 2), { timeout: 60_000 });
    });
    expect(cost).toEqual({ github: 1, registry: 3 * 2, quota: 1 });
    const rest = await costOf(world, async () => {
      for (const [branch, { pinned }] of newest) {
        expect(await world.ask({ branch })).toMatchObject({
          status: 200,
          answer: pinned,
          freshness: 'fresh',
        });
      }
    });
    expect(rest).toEqual(NOTHING);
  });

  it('wait for one time-out, not for one each', async () => {
    await using world = await createPluginWorld({ deadlineMs: 4000 });
    world.github.fault({ kind: 'hang' });
    const cost = await costOf(world, async () => {
      for (let i = 0; i < 10; i++) {
        expect(await world.ask({ branch: `branch-${i}` })).toMatchObject({ status: 502 });
        world.pass(0.5);
      }
    });
    expect(cost.github).toBe(1);
  });
});

describe('calls at one time', () => {
  it('join: one branch is asked for once', async () => {
    await using world = await createPluginWorld({ guard: 'none' });
    const { pinned } = world.build('feature');
    const cost = await costOf(world, async () => {
      const replies = await Promise.all(Array.from({ length: 20 }, () => world.ask()));
      for (const reply of replies) expect(reply).toMatchObject({ status: 200, answer: pinned });
    });
    expect(cost).toEqual({ github: 1, registry: 2, quota: 1 });
  });

  it('share one token for each image repository', async () => {
    await using world = await createPluginWorld();
    const branches = buildMany(world, 10);
    await Promise.all(branches.map((branch) => world.ask({ branch })));
    expect(world.registry.tokens).toHaveLength(2);
  });
});

it('a GitHub that names a time is left alone until then, by all branches', async () => {
  await using world = await createPluginWorld();
  const [first = '', second = ''] = buildMany(world, 2);
  const headers = { 'retry-after': '40' };
  world.github.fault({ kind: 'status', status: 429, headers, body: '{}' }, 1);
  expect(await world.ask({ branch: first })).toMatchObject({
    status: 503,
    answer: { error: 'rate_limited' },
  });
  world.pass(39);
  const cost = await costOf(world, async () => {
    expect(await world.ask({ branch: second })).toMatchObject({
      status: 503,
      answer: { error: 'rate_limited' },
    });
  });
  expect(cost).toEqual(NOTHING);
  world.pass(1);
  expect(await world.ask({ branch: second })).toMatchObject({ status: 200, freshness: 'fresh' });
});

it('freshness stretches before the quota ends, and answers tell their age', async () => {
  await using world = await createPluginWorld();
  world.build('feature');
  world.github.quota.remaining = 101;
  await world.ask();
  world.pass(4 * MINUTE);
  const cost = await costOf(world, async () => {
    expect(await world.ask()).toMatchObject({ status: 200, freshness: 'fresh', age: 4 * MINUTE });
  });
  expect(cost).toEqual(NOTHING);
  // A hundred of 5,000 calls are left: a tenth of the last fifth.
  expect(await world.metrics()).toContain('greenpin_fresh_for_seconds{ci="github"} 271.5\n');
});
