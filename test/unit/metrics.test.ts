import { describe, expect, it } from 'vitest';
import { API_ERROR_STATUS } from '../../src/errors.ts';
import { createMetrics, type Metrics } from '../../src/metrics.ts';

/** The value of one series; undefined when it is not there. */
async function read(metrics: Metrics, series: string): Promise<number | undefined> {
  const line = (await metrics.expose()).split('\n').find((text) => text.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

it('tells the version', async () => {
  expect(await read(createMetrics('1.2.3'), 'greenpin_build_info{version="1.2.3"}')).toBe(1);
});

it('tells how the process does', async () => {
  expect(await read(createMetrics('1.2.3'), 'process_resident_memory_bytes')).toBeGreaterThan(0);
});

it('shares nothing with another instance in the process', async () => {
  const [one, other] = [createMetrics('1'), createMetrics('1')];
  one.callFinished('fresh', 0.1);
  expect(await read(one, 'greenpin_calls_total{outcome="fresh"}')).toBe(1);
  expect(await read(other, 'greenpin_calls_total{outcome="fresh"}')).toBe(0);
});

describe('calls', () => {
  it.each(['fresh', 'stale', 'nothing', ...Object.keys(API_ERROR_STATUS)])(
    'that end with %s are counted, and are 0 before the first one, so that a rate can be taken',
    async (outcome) => {
      const metrics = createMetrics('1');
      const series = `greenpin_calls_total{outcome="${outcome}"}`;
      expect(await read(metrics, series)).toBe(0);
      metrics.callFinished(outcome as 'fresh', 0.1);
      expect(await read(metrics, series)).toBe(1);
    },
  );

  it('have their duration taken, from a tenth of a millisecond to half a minute', async () => {
    const metrics = createMetrics('1');
    for (const seconds of [0.00005, 0.0007, 25, 60]) metrics.callFinished('fresh', seconds);
    const bucket = (le: string) => read(metrics, `greenpin_call_duration_seconds_bucket{le="${le}"}`);
    expect(await Promise.all(['0.0001', '0.001', '30', '+Inf'].map(bucket))).toEqual([1, 2, 3, 4]);
    expect(await read(metrics, 'greenpin_call_duration_seconds_sum')).toBeCloseTo(85.00075);
  });

  it('have the age of their answers taken, if there was one', async () => {
    const metrics = createMetrics('1');
    metrics.callFinished('fresh', 0.1, 'fresh', 3);
    metrics.callFinished('stale', 0.1, 'stale', 100_000);
    metrics.callFinished('upstream_failed', 0.1);
    expect(await read(metrics, 'greenpin_answer_age_seconds_count')).toBe(2);
    expect(await read(metrics, 'greenpin_answer_age_seconds_bucket{le="5"}')).toBe(1);
    expect(await read(metrics, 'greenpin_answer_age_seconds_bucket{le="604800"}')).toBe(2);
  });

  it('with a stale answer are counted by themselves', async () => {
    const metrics = createMetrics('1');
    metrics.callFinished('fresh', 0.1, 'fresh', 3);
    metrics.callFinished('stale', 0.1, 'stale', 100);
    expect(await read(metrics, 'greenpin_stale_answers_total')).toBe(1);
  });
});

describe('upstream requests', () => {
  it('are counted by host and by status, or by what failed', async () => {
    const metrics = createMetrics('1');
    metrics.requested('ghcr.io', 200);
    metrics.requested('ghcr.io', 200);
    metrics.requested('api.github.com', 'timeout');
    const series = 'greenpin_upstream_requests_total';
    expect(await read(metrics, `${series}{host="ghcr.io",status="200"}`)).toBe(2);
    expect(await read(metrics, `${series}{host="api.github.com",status="timeout"}`)).toBe(1);
  });

  it('distinguish at most a hundred hosts, because a registry can name any token service', async () => {
    const metrics = createMetrics('1');
    for (let index = 0; index < 150; index++) metrics.requested(`h${index}.example`, 200);
    metrics.requested('h5.example', 200);
    const series = 'greenpin_upstream_requests_total';
    expect(await read(metrics, `${series}{host="h5.example",status="200"}`)).toBe(2);
    expect(await read(metrics, `${series}{host="h120.example",status="200"}`)).toBeUndefined();
    expect(await read(metrics, `${series}{host="other",status="200"}`)).toBe(50);
  });
});

it('reports the last known quota of each CI connection, and the full quota once its window has ended', async () => {
  let now = 1_000_000;
  const metrics = createMetrics('1', () => now);
  metrics.quota('github', 4999, 5000, 2_000_000);
  metrics.quota('github', 12, 5000, 2_000_000);
  metrics.quota('other', 7, 60, Infinity);
  expect(await read(metrics, 'greenpin_quota_remaining{ci="github"}')).toBe(12);
  expect(await read(metrics, 'greenpin_quota_limit{ci="github"}')).toBe(5000);
  expect(await read(metrics, 'greenpin_quota_remaining{ci="other"}')).toBe(7);
  now = 2_000_000;
  expect(await read(metrics, 'greenpin_quota_remaining{ci="github"}')).toBe(5000);
  expect(await read(metrics, 'greenpin_quota_remaining{ci="other"}')).toBe(7);
});

it('tells for how many seconds a listing of each CI connection is good enough now', async () => {
  const metrics = createMetrics('1');
  let freshFor = 15_000;
  metrics.freshFor('github', () => freshFor);
  expect(await read(metrics, 'greenpin_fresh_for_seconds{ci="github"}')).toBe(15);
  freshFor = 157_500;
  expect(await read(metrics, 'greenpin_fresh_for_seconds{ci="github"}')).toBe(157.5);
});
