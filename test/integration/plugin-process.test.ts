/** The plugin's life: secrets that change while it runs, and its end. */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { createPluginWorld, type PluginWorld } from '../fixtures/plugin-world.ts';

/** For what comes by itself, on a machine with much to do. */
const PATIENCE = { timeout: 60_000 };
/** Longer than the registry's tokens live. */
const SECONDS = 400;

describe('secrets that Kubernetes swaps', () => {
  it('count at once: the old token is refused, the new one let in', async () => {
    await using world = await createPluginWorld();
    const { pinned } = world.build('feature');
    const before = { authorization: `Bearer ${world.secrets().token}` };
    expect(await world.ask()).toMatchObject({ status: 200 });
    world.rotate();
    expect(await world.post('{}', before)).toMatchObject({ status: 403, answer: { error: 'forbidden' } });
    expect(await world.ask()).toMatchObject({ status: 200, answer: pinned });
  });

  it('count for GitHub and the registry, too', async () => {
    await using world = await createPluginWorld();
    world.build('feature');
    await world.ask();
    world.rotate();
    world.pass(SECONDS);
    const { pinned } = world.build('feature');
    expect(await world.ask()).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
  });

  it('cost no answer when one is missing for a moment, and are warned of', async () => {
    await using world = await createPluginWorld();
    const { pinned } = world.build('feature');
    await world.ask();
    world.mount({ token: '', github: '', password: '' });
    world.pass(SECONDS);
    for (let i = 0; i < 2; i++) {
      expect(await world.ask()).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
    }
    const warnings = world.log.filter(({ level, outcome }) => level === 'warn' && outcome === undefined);
    expect(warnings.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/secrets\/token is empty/),
      expect.stringMatching(/secrets\/github is empty/),
    ]);
  });
});

/** Holds GitHub's answers back. @returns what lets them go */
function holdBack(world: PluginWorld): () => void {
  const { promise: until, resolve } = Promise.withResolvers<void>();
  world.github.fault({ kind: 'wait', until });
  return resolve;
}

/** A call over a connection of the test's own. */
async function callOver(agent: Agent, world: PluginWorld): Promise<number | undefined> {
  const authorization = `Bearer ${world.secrets().token}`;
  const call = request(`${world.url}/api/v1/getparams.execute`, {
    agent,
    method: 'POST',
    headers: { authorization },
  });
  call.end('{"input":{"parameters":{"branch":"feature"}}}');
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

describe('a stop', () => {
  it('answers the call in flight, is not ready meanwhile, and takes no more calls', async () => {
    await using world = await createPluginWorld();
    const { pinned } = world.build('feature');
    const letGo = holdBack(world);
    const inFlight = world.ask();
    await vi.waitFor(() => expect(world.github.requests).toHaveLength(1), PATIENCE);

    const stopped = vi.fn<() => void>();
    const stopping = world.stop().then(stopped);
    await vi.waitFor(async () => {
      const response = await fetch(`${world.management}/readyz`);
      expect(response.status).toBe(503);
      expect(await response.json()).toEqual({
        error: 'not_ready',
        message: expect.stringMatching(/shutting down/),
      });
    }, PATIENCE);
    expect(stopped).not.toHaveBeenCalled();

    letGo();
    const reply = await inFlight;
    expect(reply).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
    expect(reply.headers.get('connection')).toBe('close');
    await stopping;
    await expect(fetch(world.url)).rejects.toThrow('fetch failed');
    await expect(fetch(world.management)).rejects.toThrow('fetch failed');
  });

  it('is not held up by connections that are kept alive and idle', async () => {
    await using world = await createPluginWorld();
    world.build('feature');
    const agent = new Agent({ keepAlive: true });
    expect(await callOver(agent, world)).toBe(200);
    const [socket] = Object.values(agent.freeSockets).flat();
    if (socket === undefined) throw new Error('the connection was not kept alive');
    const closed = once(socket, 'close');
    await world.stop();
    await closed;
  });

  it.each(['url', 'management'] as const)(
    'is not held up by a connection to %s that was never used',
    async (port) => {
      await using world = await createPluginWorld();
      const { hostname } = new URL(world[port]);
      const socket = connect(Number(new URL(world[port]).port), hostname);
      await once(socket, 'connect');
      const closed = once(socket, 'close');
      await world.stop();
      expect(await closed).toEqual([false]);
    },
  );

  it('does not wait for an upstream longer than the caller would', async () => {
    await using world = await createPluginWorld({ deadlineMs: 4000 });
    world.github.fault({ kind: 'hang' });
    const inFlight = world.ask();
    await vi.waitFor(() => expect(world.github.requests).toHaveLength(1), PATIENCE);
    await world.stop();
    expect(await inFlight).toMatchObject({ status: 502 });
  });

  it('tells of every call before it ends', async () => {
    await using world = await createPluginWorld();
    world.build('feature');
    const letGo = holdBack(world);
    const inFlight = world.ask();
    await vi.waitFor(() => expect(world.github.requests).toHaveLength(1), PATIENCE);
    const stopping = world.stop();
    letGo();
    await Promise.all([inFlight, stopping]);
    expect(world.log.filter(({ outcome }) => outcome === 'fresh')).toHaveLength(1);
  });
});

/** Milliseconds. */
const DEADLINE = 6000;

/** A listing, a token and a manifest take longer than the deadline together, and each far less than the half of it that a call may take. */
function slowDown({ github, registry }: PluginWorld): void {
  const late = {
    kind: 'wait',
    get until() {
      return delay(DEADLINE * 0.35);
    },
  } as const;
  github.fault(late);
  registry.fault(late);
}

describe('the deadline', () => {
  it('ends the wait with 504, and the answer is taken up once it comes', async () => {
    await using world = await createPluginWorld({ deadlineMs: DEADLINE });
    const { pinned } = world.build('feature');
    slowDown(world);
    expect(await world.ask()).toMatchObject({ status: 504, answer: { error: 'deadline_exceeded' } });
    await vi.waitFor(async () => {
      expect(await world.ask()).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
    }, PATIENCE);
  });

  it('ends the wait with the last good answer, and the newest is taken up once it comes', async () => {
    await using world = await createPluginWorld({ deadlineMs: DEADLINE });
    const good = world.build('feature');
    await world.ask();
    world.pass(SECONDS);
    const newest = world.build('feature');
    slowDown(world);
    expect(await world.ask()).toMatchObject({
      status: 200,
      freshness: 'stale',
      age: SECONDS,
      answer: good.pinned,
    });
    await vi.waitFor(async () => {
      expect(await world.ask()).toMatchObject({ status: 200, freshness: 'fresh', answer: newest.pinned });
    }, PATIENCE);
  });
});
