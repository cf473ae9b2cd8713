/** Bursts of calls (issue 3, 6): a push webhook refreshes every ApplicationSet with a plugin generator, each of them twice. */
import { Agent, request } from 'undici';
import { expect, it, vi } from 'vitest';
import { FRESH_FOR, IMAGES } from '../fixtures/plugin/config.ts';
import { readReply } from '../fixtures/plugin/reply.ts';
import { createPluginHarness, type PluginHarness } from '../fixtures/plugin/harness.ts';

const APPLICATION_SETS = 80;
const PULL_REQUESTS = 50;
/** Milliseconds. Client and server share the test's process. */
const PATIENCE = 60_000;
const BURST = 180_000;

/** Every ApplicationSet asks for every pull request, all at one time, each over a connection of its own. */
async function stampede(harness: PluginHarness, expected: ReadonlyMap<string, object>): Promise<void> {
  const dispatcher = new Agent({ connect: { timeout: PATIENCE }, headersTimeout: PATIENCE });
  const calls = Array.from({ length: APPLICATION_SETS }).flatMap(() =>
    [...expected].map(async ([branch, pinned]) => {
      const { statusCode, body } = await request(`${harness.url}/api/v1/getparams.execute`, {
        dispatcher,
        method: 'POST',
        headers: { authorization: `Bearer ${harness.secrets().token}` },
        body: JSON.stringify({ input: { parameters: { branch } } }),
      });
      const reply = await readReply(new Response(await body.text(), { status: statusCode }));
      expect(reply).toMatchObject({ status: 200, answer: pinned });
    }),
  );
  try {
    await Promise.all(calls);
  } finally {
    await dispatcher.destroy();
  }
}

function countRequests({ github, registry }: PluginHarness) {
  return { github: github.requests.length, registry: registry.requests.length };
}

it(
  '80 ApplicationSets with 50 pull requests each: 4,000 calls at once cost one listing, and none fails',
  { timeout: BURST },
  async () => {
    await using harness = await createPluginHarness({ guard: 'none' });
    const branches = Array.from({ length: PULL_REQUESTS }, (_, i) => `branch-${i}`);
    const expected = new Map(branches.map((branch) => [branch, harness.build(branch).pinned]));
    const images = PULL_REQUESTS * Object.keys(IMAGES).length;

    await stampede(harness, expected);
    expect(countRequests(harness)).toEqual({ github: 1, registry: images });

    harness.pass(FRESH_FOR);
    await stampede(harness, expected);
    expect(countRequests(harness)).toEqual({ github: 2, registry: images });
  },
);

it(
  '4,000 calls at once while GitHub fails are answered with what was handed out before, and cost one call',
  { timeout: BURST },
  async () => {
    await using harness = await createPluginHarness({ guard: 'none' });
    const branches = Array.from({ length: PULL_REQUESTS }, (_, i) => `branch-${i}`);
    const expected = new Map(branches.map((branch) => [branch, harness.build(branch).pinned]));
    await Promise.all(branches.map((branch) => harness.ask({ branch })));
    const before = countRequests(harness);
    const headers = { 'retry-after': '60' };
    harness.github.fault({ kind: 'status', status: 503, headers, body: '{}' });
    harness.pass(FRESH_FOR);
    await stampede(harness, expected);
    expect(countRequests(harness)).toEqual({ ...before, github: before.github + 1 });
  },
);

it('a caller that goes away cancels nothing for those who joined it', async () => {
  await using harness = await createPluginHarness({ guard: 'none' });
  const { pinned } = harness.build('feature');
  const gate = Promise.withResolvers<void>();
  harness.github.fault({ kind: 'wait', until: gate.promise }, { times: 1 });
  const leaving = new AbortController();
  const left = fetch(`${harness.url}/api/v1/getparams.execute`, {
    method: 'POST',
    headers: { authorization: `Bearer ${harness.secrets().token}` },
    body: JSON.stringify({ input: { parameters: { branch: 'feature' } } }),
    signal: leaving.signal,
  });
  const gone = left.then(
    () => 'answered',
    () => 'gone',
  );
  await vi.waitFor(() => expect(harness.github.requests).toHaveLength(1), { timeout: PATIENCE });
  const joined = Array.from({ length: 10 }, () => harness.ask());
  leaving.abort();
  expect(await gone).toBe('gone');
  gate.resolve();
  for (const reply of await Promise.all(joined)) expect(reply).toMatchObject({ status: 200, answer: pinned });
  expect(countRequests(harness)).toEqual({ github: 1, registry: 2 });
});
