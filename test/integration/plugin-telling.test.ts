/** What the plugin tells of itself: the log, /metrics, /healthz and /readyz. */
import { describe, expect, it, vi } from 'vitest';
import { FRESH_FOR } from '../fixtures/plugin/config.ts';
import { createPluginHarness, type PluginHarness } from '../fixtures/plugin/harness.ts';

const OUTAGE = { kind: 'status', status: 503, headers: { 'retry-after': '60' } } as const;
/** For what comes by itself, on a machine with much to do. */
const PATIENCE = { timeout: 60_000 };
const FAILURE_FIELDS = { durationMs: expect.any(Number), message: expect.stringMatching(/\S/) };

/** Two answers, one from memory; an empty list; three refusals; a stale answer and a failure. */
async function callInEveryWay(harness: PluginHarness): Promise<void> {
  harness.build('feature');
  await harness.ask({ project: 'shop' });
  await harness.ask({ project: 'shop', number: 7 });
  await harness.ask();
  await harness.ask({ branch: 'no-build' });
  await harness.post('{}', { authorization: 'Bearer wrong' });
  await harness.post('no JSON');
  await harness.ask({ branch: '' });
  harness.github.fault(OUTAGE);
  harness.pass(FRESH_FOR);
  await harness.ask();
  await harness.ask({ branch: 'unknown' });
}

/** Lines of calls may come a moment after the answer. */
async function linesOfCalls(harness: PluginHarness, count: number) {
  const lines = () => harness.log.filter((line) => 'outcome' in line);
  await vi.waitFor(() => expect(lines().length).toBeGreaterThanOrEqual(count), PATIENCE);
  return lines();
}

describe('the log', () => {
  it('has one line for each call, with what was asked, how it ended and how long it took', async () => {
    await using harness = await createPluginHarness();
    await callInEveryWay(harness);
    const feature = { project: 'shop', branch: 'feature', durationMs: expect.any(Number) };
    expect(await linesOfCalls(harness, 9)).toMatchObject([
      { ...feature, level: 'info', outcome: 'fresh', freshness: 'fresh', age: 0 },
      { ...feature, level: 'info', outcome: 'fresh', freshness: 'fresh', number: '7' },
      { ...feature, level: 'info', outcome: 'fresh', freshness: 'fresh', age: 0 },
      { ...feature, level: 'info', outcome: 'nothing', freshness: 'fresh', branch: 'no-build' },
      { ...FAILURE_FIELDS, level: 'warn', outcome: 'forbidden' },
      { ...FAILURE_FIELDS, level: 'warn', outcome: 'invalid_request' },
      { ...FAILURE_FIELDS, level: 'warn', outcome: 'invalid_request' },
      { ...feature, level: 'info', outcome: 'stale', freshness: 'stale', age: FRESH_FOR },
      { ...FAILURE_FIELDS, level: 'warn', outcome: 'upstream_failed', project: 'shop', branch: 'unknown' },
    ]);
  });

  it('says why an upstream failed, as the caller is told', async () => {
    await using harness = await createPluginHarness();
    harness.github.fault(OUTAGE);
    const { answer } = await harness.ask();
    expect(await linesOfCalls(harness, 1)).toMatchObject([
      answer === 'nothing' ? {} : { message: answer['message'] },
    ]);
  });
});

describe('/metrics', () => {
  it('counts calls by outcome, upstream requests by host and status, and tells the quota', async () => {
    await using harness = await createPluginHarness();
    await callInEveryWay(harness);
    const githubHost = new URL(harness.github.url).host;
    await vi.waitFor(async () => {
      const samples = parseSamples(await harness.metrics());
      expect(samples).toMatchObject({
        'greenpin_calls_total{outcome="fresh"}': 3,
        'greenpin_calls_total{outcome="nothing"}': 1,
        'greenpin_calls_total{outcome="stale"}': 1,
        'greenpin_calls_total{outcome="forbidden"}': 1,
        'greenpin_calls_total{outcome="invalid_request"}': 2,
        'greenpin_calls_total{outcome="upstream_failed"}': 1,
        'greenpin_calls_total{outcome="internal_error"}': 0,
        greenpin_stale_answers_total: 1,
        greenpin_call_duration_seconds_count: 9,
        greenpin_answer_age_seconds_count: 5,
        [`greenpin_upstream_requests_total{host="${githubHost}",status="200"}`]: 1,
        [`greenpin_upstream_requests_total{host="${githubHost}",status="503"}`]: 1,
        // Of each image: a challenge, a token, the manifest.
        [`greenpin_upstream_requests_total{host="${harness.registry.host}",status="401"}`]: 2,
        [`greenpin_upstream_requests_total{host="${harness.registry.host}",status="200"}`]: 4,
        'greenpin_quota_remaining{ci="github"}': 4999,
        'greenpin_quota_limit{ci="github"}': 5000,
        'greenpin_build_info{version="0.0.0-test"}': 1,
      });
    }, PATIENCE);
  });

  it('counts a request that got no answer by what failed', async () => {
    await using harness = await createPluginHarness({ deadlineMs: 4000 });
    harness.github.fault({ kind: 'hang' });
    await harness.ask();
    const host = new URL(harness.github.url).host;
    expect(parseSamples(await harness.metrics())).toMatchObject({
      [`greenpin_upstream_requests_total{host="${host}",status="timeout"}`]: 1,
    });
  });
});

/** Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
function parseSamples(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}

async function probe(harness: PluginHarness, path: '/healthz' | '/readyz') {
  const response = await fetch(harness.management + path);
  return { status: response.status, body: await response.json() };
}

const OK = { status: 200, body: { status: 'ok' } };
const NOT_READY = { error: 'not_ready', message: expect.stringMatching(/\S/) };

describe('readiness', () => {
  it('is there with the token, whatever the upstreams do', async () => {
    await using harness = await createPluginHarness();
    expect(await probe(harness, '/readyz')).toEqual(OK);
    harness.github.fault(OUTAGE);
    harness.registry.fault(OUTAGE);
    await harness.ask();
    expect(await probe(harness, '/readyz')).toEqual(OK);
    expect(await probe(harness, '/healthz')).toEqual(OK);
  });

  it('is missing while there is no token, and so is every answer', async () => {
    await using harness = await createPluginHarness();
    harness.build('feature');
    harness.mount({ token: '' });
    expect(await probe(harness, '/readyz')).toEqual({ status: 503, body: NOT_READY });
    expect(await probe(harness, '/healthz')).toEqual(OK);
    expect(await harness.ask()).toMatchObject({ status: 403 });
    expect(await harness.post('{}', { authorization: 'Bearer ' })).toMatchObject({ status: 403 });
    harness.mount({});
    expect(await probe(harness, '/readyz')).toEqual(OK);
    expect(await harness.ask()).toMatchObject({ status: 200 });
  });
});
