/** The plugin's life: secrets that change while it runs, and its end. */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { createPluginHarness, type PluginHarness } from '../fixtures/plugin/harness.ts';

/** For what comes by itself, on a machine with much to do. */
const PATIENCE = { timeout: 60_000 };
/** Longer than the registry's tokens live. */
const SECONDS = 400;

describe('secrets that Kubernetes swaps', () => {
  it('count at once: the old token is refused, the new one let in', async () => {
    await using harness = await createPluginHarness();
    const { pinned } = harness.build('feature');
    const before = { authorization: `Bearer ${harness.secrets().token}` };
    expect(await harness.ask()).toMatchObject({ status: 200 });
    harness.rotate();
    expect(await harness.post('{}', before)).toMatchObject({ status: 403, answer: { error: 'forbidden' } });
    expect(await harness.ask()).toMatchObject({ status: 200, answer: pinned });
  });

  it('count for GitHub and the registry, too', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    await harness.ask();
    harness.rotate();
    harness.pass(SECONDS);
    const { pinned } = harness.build('feature');
    expect(await harness.ask()).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
  });

  it('cost no answer when one is missing for a moment, and are warned of', async () => {
    await using harness = await createPluginHarness();
    const { pinned } = harness.build('feature');
    await harness.ask();
    harness.mount({ token: '', github: '', password: '' });
    harness.pass(SECONDS);
    for (let i = 0; i < 2; i++) {
      expect(await harness.ask()).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
    }
    const warnings = harness.log.filter(({ level, outcome }) => level === 'warn' && outcome === undefined);
    expect(warnings.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/secrets\/token is empty/),
      expect.stringMatching(/secrets\/github is empty/),
    ]);
  });
});

/** Holds GitHub's answers back. @returns what lets them go */
function holdBack(harness: PluginHarness): () => void {
  const { promise: until, resolve } = Promise.withResolvers<void>();
  harness.github.fault({ kind: 'wait', until });
  return resolve;
}

/** A call over a connection of the test's own. */
async function callOver(agent: Agent, harness: PluginHarness): Promise<number | undefined> {
  const authorization = `Bearer ${harness.secrets().token}`;
  const call = request(`${harness.url}/api/v1/getparams.execute`, {
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
    await using harness = await createPluginHarness();
    const { pinned } = harness.build('feature');
    const letGo = holdBack(harness);
    const inFlight = harness.ask();
    await vi.waitFor(() => expect(harness.github.requests).toHaveLength(1), PATIENCE);

    const stopped = vi.fn<() => void>();
    const stopping = harness.stop().then(stopped);
    await vi.waitFor(async () => {
      const response = await fetch(`${harness.management}/readyz`);
      expect(response.status).toBe(503);
      expect(await response.json()).toEqual({
        error: 'not_ready',
        message: expect.stringMatching(/stopping/),
      });
    }, PATIENCE);
    expect(stopped).not.toHaveBeenCalled();

    letGo();
    const reply = await inFlight;
    expect(reply).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
    expect(reply.headers.get('connection')).toBe('close');
    await stopping;
    await expect(fetch(harness.url)).rejects.toThrow('fetch failed');
    await expect(fetch(harness.management)).rejects.toThrow('fetch failed');
  });

  it('is not held up by connections that are kept alive and idle', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    const agent = new Agent({ keepAlive: true });
    expect(await callOver(agent, harness)).toBe(200);
    const [socket] = Object.values(agent.freeSockets).flat();
    if (socket === undefined) throw new Error('the connection was not kept alive');
    const closed = once(socket, 'close');
    await harness.stop();
    await closed;
  });

  it.each(['url', 'management'] as const)(
    'is not held up by a connection to %s that was never used',
    async (port) => {
      await using harness = await createPluginHarness();
      const { hostname } = new URL(harness[port]);
      const socket = connect(Number(new URL(harness[port]).port), hostname);
      await once(socket, 'connect');
      const closed = once(socket, 'close');
      await harness.stop();
      expect(await closed).toEqual([false]);
    },
  );

  it('does not wait for an upstream longer than the caller would', async () => {
    await using harness = await createPluginHarness({ deadlineMs: 4000 });
    harness.github.fault({ kind: 'hang' });
    const inFlight = harness.ask();
    await vi.waitFor(() => expect(harness.github.requests).toHaveLength(1), PATIENCE);
    await harness.stop();
    expect(await inFlight).toMatchObject({ status: 502 });
  });

  it('tells of every call before it ends', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    const letGo = holdBack(harness);
    const inFlight = harness.ask();
    await vi.waitFor(() => expect(harness.github.requests).toHaveLength(1), PATIENCE);
    const stopping = harness.stop();
    letGo();
    await Promise.all([inFlight, stopping]);
    expect(harness.log.filter(({ outcome }) => outcome === 'fresh')).toHaveLength(1);
  });
});

/** Milliseconds. */
const DEADLINE = 6000;

/** A listing, a token and a manifest take longer than the deadline together, and each far less than the half of it that a call may take. */
function slowDown({ github, registry }: PluginHarness): void {
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
    await using harness = await createPluginHarness({ deadlineMs: DEADLINE });
    const { pinned } = harness.build('feature');
    slowDown(harness);
    expect(await harness.ask()).toMatchObject({ status: 504, answer: { error: 'deadline_exceeded' } });
    await vi.waitFor(async () => {
      expect(await harness.ask()).toMatchObject({ status: 200, freshness: 'fresh', answer: pinned });
    }, PATIENCE);
  });

  it('ends the wait with the last good answer, and the newest is taken up once it comes', async () => {
    await using harness = await createPluginHarness({ deadlineMs: DEADLINE });
    const good = harness.build('feature');
    await harness.ask();
    harness.pass(SECONDS);
    const newest = harness.build('feature');
    slowDown(harness);
    expect(await harness.ask()).toMatchObject({
      status: 200,
      freshness: 'stale',
      age: SECONDS,
      answer: good.pinned,
    });
    await vi.waitFor(async () => {
      expect(await harness.ask()).toMatchObject({ status: 200, freshness: 'fresh', answer: newest.pinned });
    }, PATIENCE);
  });
});
