/** CI answers, and a part of what it says is odd, lags behind or is cut off: true answers all the same, or none. */
import { describe, expect, it } from 'vitest';
import type { FakeRun } from '../../src/cli/demo/workflow-runs.ts';
import { REPOSITORY } from '../fixtures/plugin/config.ts';
import { createPluginHarness, type PluginHarness } from '../fixtures/plugin/harness.ts';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Each list shows these runs, whatever is asked for. */
function list(harness: PluginHarness, runs: readonly object[], total = runs.length): void {
  const body = JSON.stringify({ total_count: total, workflow_runs: runs });
  harness.github.fault({ kind: 'status', status: 200, headers: JSON_TYPE, body });
}

/** As CI lists them, newest first. */
async function runsOf(harness: PluginHarness): Promise<FakeRun[]> {
  const headers = { authorization: `Bearer ${harness.secrets().github}` };
  const response = await fetch(`${harness.github.url}/repos/${REPOSITORY}/actions/runs?per_page=100`, {
    headers,
  });
  return ((await response.json()) as { workflow_runs: FakeRun[] }).workflow_runs;
}

describe('one odd run', () => {
  it.each([
    ['path', null],
    ['run_attempt', null],
    ['updated_at', null],
    ['id', 'x'],
    ['head_sha', 'HEAD'],
    ['created_at', 'yesterday'],
    ['workflow_id', {}],
  ])("of another branch, with %s %j, costs nobody else's answer", async (field, value) => {
    await using harness = await createPluginHarness();
    const { pinned } = harness.build('feature');
    harness.build('odd');
    const [odd, other] = await runsOf(harness);
    list(harness, [{ ...odd, [field]: value }, { ...other }]);
    expect((await harness.ask({})).answer).toEqual(pinned);
    expect((await harness.ask({})).freshness).toBe('fresh');
    expect((await harness.ask({ branch: 'odd' })).status).toBe(502);
    expect(await harness.metrics()).toMatch(/^greenpin_ci_unreadable_runs_total\{ci="github"\} [1-9]/m);
    const told = harness.log.filter(({ msg }) =>
      String(msg).includes('cannot be read; such runs are skipped'),
    );
    expect(told).toHaveLength(1);
  });

  it('of the branch itself, newer than what is answered, makes that stale', async () => {
    await using harness = await createPluginHarness();
    const { pinned } = harness.build('feature');
    harness.build('feature');
    const [newest, before] = await runsOf(harness);
    list(harness, [{ ...newest, updated_at: null }, { ...before }]);
    const reply = await harness.ask({});
    expect(reply.answer).toEqual(pinned);
    expect(reply.freshness).toBe('stale');
  });
});

it('a count that is one above the runs of the only page costs nobody an answer', async () => {
  await using harness = await createPluginHarness();
  const { pinned } = harness.build('feature');
  list(harness, await runsOf(harness), 2);
  const reply = await harness.ask({});
  expect(reply.answer).toEqual(pinned);
  expect(reply.freshness).toBe('fresh');
});

it('a green build behind 2,200 runs of another workflow is found', async () => {
  await using harness = await createPluginHarness();
  const { pinned } = harness.build('feature');
  for (let count = 0; count < 2200; count++) {
    harness.github.addRun(REPOSITORY, { head_branch: 'feature', path: '.github/workflows/lint.yml' });
  }
  for (let count = 0; count < 2100; count++) harness.github.addRun(REPOSITORY, { head_branch: 'other' });
  expect((await harness.ask({})).answer).toEqual(pinned);
});

it('numbers without end are refused before they are parsed', async () => {
  await using harness = await createPluginHarness();
  const body = `{"total_count":1,"workflow_runs":[{"id":${'1'.repeat(10_000_000)}}]}`;
  harness.github.fault({ kind: 'status', status: 200, headers: JSON_TYPE, body });
  const reply = await harness.ask({});
  expect(reply.status).toBe(502);
  expect(reply.text).toContain('numbers or nesting beyond any real answer');
});

it('unknown branches do not use up the calls that listings need', async () => {
  await using harness = await createPluginHarness();
  for (let count = 0; count < 2100; count++) harness.github.addRun(REPOSITORY, { head_branch: 'other' });
  harness.build('feature');
  await harness.ask({});
  harness.github.quota.remaining = 300;
  const asked = await Promise.all(
    Array.from({ length: 400 }, (_, index) => harness.ask({ branch: `unknown-${index}` })),
  );
  expect(asked.filter(({ status }) => status === 503).length).toBeGreaterThan(300);
  expect(harness.github.quota.remaining).toBeGreaterThan(200);
  const { pinned } = harness.build('feature');
  // The longest that freshness stretches to.
  harness.pass(300);
  const reply = await harness.ask({});
  expect(reply.answer).toEqual(pinned);
  expect(reply.freshness).toBe('fresh');
});
