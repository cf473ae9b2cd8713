/** What the plugin tells of itself: the log, /metrics, /healthz and /readyz. */
import { describe, expect, it, vi } from 'vitest';
import { FRESH_FOR } from '../fixtures/plugin-config.ts';
import { createPluginWorld, type PluginWorld } from '../fixtures/plugin-world.ts';

const OUTAGE = { kind: 'status', status: 503, headers: { 'retry-after': '60' } } as const;
/** For what comes by itself, on a machine with much to do. */
const PATIENCE = { timeout: 60_000 };
const FAILURE_FIELDS = { durationMs: expect.any(Number), message: expect.stringMatching(/\S/) };

/** Two answers, one from memory; an empty list; three refusals; a stale answer and a failure. */
async function callInEveryWay(world: PluginWorld): Promise<void> {
  world.build('feature');
  await world.ask({ project: 'shop' });
  await world.ask({ project: 'shop', number: 7 });
  await world.ask();
  await world.ask({ branch: 'no-build' });
  await world.post('{}', { authorization: 'Bearer wrong' });
  await world.post('no JSON');
  await world.ask({ branch: '' });
  world.github.fault(OUTAGE);
  world.pass(FRESH_FOR);
  await world.ask();
  await world.ask({ branch: 'unknown' });
}

/** Lines of calls may come a moment after the answer. */
async function linesOfCalls(world: PluginWorld, count: number) {
  const lines = () => world.log.filter((line) => 'outcome' in line);
  await vi.waitFor(() => expect(lines().length).toBeGreaterThanOrEqual(count), PATIENCE);
  return lines();
}

describe('the log', () => {
  it('has one line for each call, with what was asked, how it ended and how long it took', async () => {
    await using world = await createPluginWorld();
    await callInEveryWay(world);
    const feature = { project: 'shop', branch: 'feature', durationMs: expect.any(Number) };
    expect(await linesOfCalls(world, 9)).toMatchObject([
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
    await using world = await createPluginWorld();
    world.github.fault(OUTAGE);
    const { answer } = await world.ask();
    expect(await linesOfCalls(world, 1)).toMatchObject([
      answer === 'nothing' ? {} : { message: answer['message'] },
    ]);
  });
});

describe('/metrics', () => {
  it('counts calls by outcome, upstream requests by host and status, and tells the quota', async () => {
    await using world = await createPluginWorld();
    await callInEveryWay(world);
    const githubHost = new URL(world.github.url).host;
    await vi.waitFor(async () => {
      const samples = parseSamples(await world.metrics());
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
        [`greenpin_upstream_requests_total{host="${world.registry.host}",status="401"}`]: 2,
        [`greenpin_upstream_requests_total{host="${world.registry.host}",status="200"}`]: 4,
        'greenpin_quota_remaining{ci="github"}': 4999,
        'greenpin_quota_limit{ci="github"}': 5000,
        'greenpin_build_info{version="0.0.0-test"}': 1,
      });
    }, PATIENCE);
  });

  it('counts a request that got no answer by what failed', async () => {
    await using world = await createPluginWorld({ deadlineMs: 4000 });
    world.github.fault({ kind: 'hang' });
    await world.ask();
    const host = new URL(world.github.url).host;
    expect(parseSamples(await world.metrics())).toMatchObject({
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

async function probe(world: PluginWorld, path: '/healthz' | '/readyz') {
  const response = await fetch(world.management + path);
  return { status: response.status, body: await response.json() };
}

const OK = { status: 200, body: { status: 'ok' } };
const NOT_READY = { error: 'not_ready', message: expect.stringMatching(/\S/) };

describe('readiness', () => {
  it('is there with the token, whatever the upstreams do', async () => {
    await using world = await createPluginWorld();
    expect(await probe(world, '/readyz')).toEqual(OK);
    world.github.fault(OUTAGE);
    world.registry.fault(OUTAGE);
    await world.ask();
    expect(await probe(world, '/readyz')).toEqual(OK);
    expect(await probe(world, '/healthz')).toEqual(OK);
  });

  it('is missing while there is no token, and so is every answer', async () => {
    await using world = await createPluginWorld();
    world.build('feature');
    world.mount({ token: '' });
    expect(await probe(world, '/readyz')).toEqual({ status: 503, body: NOT_READY });
    expect(await probe(world, '/healthz')).toEqual(OK);
    expect(await world.ask()).toMatchObject({ status: 403 });
    expect(await world.post('{}', { authorization: 'Bearer ' })).toMatchObject({ status: 403 });
    world.mount({});
    expect(await probe(world, '/readyz')).toEqual(OK);
    expect(await world.ask()).toMatchObject({ status: 200 });
  });
});
