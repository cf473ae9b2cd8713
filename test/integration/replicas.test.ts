/** Several replicas with one Redis: what they cost, what they know of each other, and what its faults do to them. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { createReplicas, FRESH_FOR, type Replica, type Replicas } from '../fixtures/plugin/replicas.ts';

async function startMany(replicas: Replicas, count: number): Promise<Replica[]> {
  return Promise.all(Array.from({ length: count }, () => replicas.start()));
}

/** Asks each of them for each branch, all at once. */
function askAll(running: readonly Replica[], branches: readonly string[]) {
  return Promise.all(running.flatMap((replica) => branches.map((branch) => replica.ask(branch))));
}

async function costOf(replicas: Replicas, work: () => Promise<unknown>) {
  const before = replicas.cost();
  await work();
  const after = replicas.cost();
  return { github: after.github - before.github, registry: after.registry - before.registry };
}

const BRANCHES = Array.from({ length: 12 }, (_, i) => `branch-${i}`);

describe.skipIf(!inject('redis').available)('replicas that share a Redis', () => {
  it('ask upstream for many branches what one would', async () => {
    await using alone = await createReplicas('5m');
    for (const branch of BRANCHES) alone.build(branch);
    const one = await startMany(alone, 1);
    const costOfOne = await costOf(alone, () => askAll(one, BRANCHES));

    await using replicas = await createReplicas('5m');
    for (const branch of BRANCHES) replicas.build(branch);
    const three = await startMany(replicas, 3);
    expect(await costOf(replicas, () => askAll(three, BRANCHES))).toEqual(costOfOne);
    expect(costOfOne).toEqual({ github: 1, registry: 2 * BRANCHES.length });
  });

  it('poll CI together once each freshFor, without a call of quota while nothing is new', async () => {
    await using replicas = await createReplicas();
    replicas.build('feature');
    const running = await startMany(replicas, 3);
    await askAll(running, ['feature']);
    const { remaining } = replicas.github.quota;
    const started = performance.now();
    const cost = await costOf(replicas, async () => {
      const { github } = replicas.cost();
      const goesOn = () =>
        performance.now() - started < 3.5 * FRESH_FOR || replicas.cost().github < github + 2;
      while (goesOn()) {
        for (const { freshness } of await askAll(running, ['feature'])) expect(freshness).toBe('fresh');
        await delay(50);
      }
    });
    const polls = (performance.now() - started) / FRESH_FOR;
    expect(cost.github).toBeGreaterThanOrEqual(2);
    expect(cost.github).toBeLessThanOrEqual(Math.ceil(polls));
    expect(cost.registry).toBe(0);
    expect(replicas.github.quota.remaining).toBe(remaining);
  });

  it('see a new build alike, and its images are asked for once', async () => {
    await using replicas = await createReplicas();
    replicas.build('feature');
    const running = await startMany(replicas, 2);
    await askAll(running, ['feature']);
    const { pinned } = replicas.build('feature');
    const cost = await costOf(replicas, async () => {
      for (const replica of running) {
        await expect
          .poll(async () => (await replica.ask('feature')).answer, { interval: 50 })
          .toEqual(pinned);
      }
    });
    expect(cost.registry).toBe(2);
  });

  it('say how old an answer is that another one has asked for', async () => {
    const freshFor = 4 * FRESH_FOR;
    await using replicas = await createReplicas(`${freshFor}ms`);
    replicas.build('feature');
    const [one, other] = await startMany(replicas, 2);
    await one?.ask('feature');
    const answered = Date.now();
    await delay(freshFor * 0.5);
    const told = await other?.ask('feature');
    expect(told).toMatchObject({ status: 200, freshness: 'fresh' });
    // It is asked anew when the listing is as old as freshFor, and not when this replica has had it as long.
    await delay(answered + freshFor + 50 - Date.now());
    expect(await costOf(replicas, async () => other?.ask('feature'))).toEqual({ github: 1, registry: 0 });
  });

  it('look a branch up once that the listing does not show', async () => {
    await using replicas = await createReplicas('5m');
    const { pinned } = replicas.build('old');
    for (let i = 0; i < 2_100; i++) {
      replicas.github.addRun('acme/shop', {
        head_branch: 'busy',
        created_at: new Date(Date.now() - 1_000_000 + i).toISOString(),
      });
    }
    const [one, other] = await startMany(replicas, 2);
    expect((await one?.ask('old'))?.answer).toEqual(pinned);
    const lookUps = () => replicas.github.requests.filter(({ url }) => url.includes('branch=old')).length;
    const before = lookUps();
    expect((await other?.ask('old'))?.answer).toEqual(pinned);
    expect([before, lookUps()]).toEqual([1, 1]);
  });

  it('remember what another one handed out, so that a new one does not go behind it', async () => {
    await using replicas = await createReplicas();
    replicas.build('feature');
    const { id, pinned } = replicas.build('feature');
    const first = await replicas.start();
    expect((await first.ask('feature')).answer).toEqual(pinned);
    await first.stop();
    // The newer build's green is hidden by a re-run that failed.
    replicas.github.updateRun('acme/shop', id, {
      conclusion: 'failure',
      run_attempt: 2,
      updated_at: new Date().toISOString(),
    });
    await delay(FRESH_FOR + 50);
    const second = await replicas.start();
    expect(await second.ask('feature')).toMatchObject({ answer: pinned, freshness: 'fresh' });
  });

  it('hand out what was handed out while CI is down, although they were not there', async () => {
    await using replicas = await createReplicas();
    const { pinned } = replicas.build('feature');
    const first = await replicas.start();
    await first.ask('feature');
    await first.stop();
    await delay(FRESH_FOR + 50);
    replicas.github.fault({ kind: 'status', status: 502 });
    const second = await replicas.start();
    expect(await second.ask('feature')).toMatchObject({ answer: pinned, freshness: 'stale' });
    replicas.github.heal();
  });
});

describe.skipIf(!inject('redis').available)('when Redis fails, each replica goes on by itself', () => {
  const FAULTS = [
    {
      what: 'is killed',
      fail: (replicas: Replicas) => replicas.redis.kill(),
      heal: (replicas: Replicas) => replicas.redis.start(),
    },
    {
      what: 'hangs',
      fail: async (replicas: Replicas) => replicas.redis.freeze(),
      heal: async (replicas: Replicas) => replicas.redis.thaw(),
    },
    {
      what: 'is a replica of a server that is gone, until it is promoted',
      fail: (replicas: Replicas) => replicas.redis.command('REPLICAOF 127.0.0.1 1'),
      heal: (replicas: Replicas) => replicas.redis.command('REPLICAOF NO ONE'),
    },
  ];

  it.each(FAULTS)('when it $what, and together again when it is back', async ({ fail, heal }) => {
    await using replicas = await createReplicas();
    const old = replicas.build('feature');
    const running = await startMany(replicas, 2);
    for (const { answer } of await askAll(running, ['feature'])) expect(answer).toEqual(old.pinned);

    await fail(replicas);
    const { pinned } = replicas.build('feature');
    for (const replica of running) {
      await expect.poll(async () => (await replica.ask('feature')).answer, { interval: 50 }).toEqual(pinned);
      const started = performance.now();
      // Nobody can tell whether an environment of it is up.
      expect(await replica.ask('new branch')).toMatchObject({ status: 502 });
      expect(performance.now() - started).toBeLessThan(10_000);
      expect(await replica.metric('greenpin_store_up')).toBe(0);
      expect(await replica.metric('greenpin_store_errors_total')).toBeGreaterThan(0);
      expect(replica.warnings.filter((line) => line.startsWith('the store failed'))).toHaveLength(1);
    }

    await heal(replicas);
    for (const replica of running) {
      await expect
        .poll(
          async () => {
            await replica.ask('feature');
            return replica.metric('greenpin_store_up');
          },
          { interval: 200 },
        )
        .toBe(1);
      expect((await replica.ask('feature')).answer).toEqual(pinned);
    }
    const late = await replicas.start();
    await delay(FRESH_FOR + 50);
    replicas.github.fault({ kind: 'status', status: 502 });
    expect(await late.ask('feature')).toMatchObject({ answer: pinned, freshness: 'stale' });
    replicas.github.heal();
  });

  it('when it is flushed: what was handed out is not lost, and comes back into it', async () => {
    await using replicas = await createReplicas();
    const { pinned } = replicas.build('feature');
    const running = await startMany(replicas, 2);
    await askAll(running, ['feature']);
    await replicas.redis.command('FLUSHALL');
    await delay(FRESH_FOR + 50);
    for (const { answer } of await askAll(running, ['feature'])) expect(answer).toEqual(pinned);
    await Promise.all(running.map((replica) => replica.stop()));
    replicas.github.fault({ kind: 'status', status: 502 });
    await delay(FRESH_FOR + 50);
    const late = await replicas.start();
    expect(await late.ask('feature')).toMatchObject({ answer: pinned, freshness: 'stale' });
    replicas.github.heal();
  });

  it('when it was never there: they start in about a second, and answer', async () => {
    await using replicas = await createReplicas();
    const { pinned } = replicas.build('feature');
    await replicas.redis.kill();
    const started = performance.now();
    const replica = await replicas.start();
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(await replica.ask('feature')).toMatchObject({ answer: pinned, freshness: 'fresh' });
    expect(await replica.metric('greenpin_store_up')).toBe(0);
  });
});
