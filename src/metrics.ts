/** What /metrics tells, in prom-client's own registry: nothing is shared between two instances in one process. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { HistogramConfiguration } from 'prom-client';
import { API_ERROR_STATUS } from './errors.ts';
import type { CallObserver, CallOutcome } from './http/call-log.ts';
import type { UpstreamObserver } from './resolve/ports.ts';

/** From an answer in memory to one that took the whole deadline. */
const DURATION_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30,
];
/** From `freshFor` of a second to a last good answer of a month ago. */
const AGE_BUCKETS = [1, 5, 10, 15, 30, 60, 120, 300, 900, 3_600, 21_600, 86_400, 604_800, 2_592_000];
/** Hosts come from the configuration, but a registry's challenge may name one of its own. */
const MOST_HOSTS = 100;
const BATCH = 256;

export interface Metrics extends CallObserver, UpstreamObserver {
  readonly contentType: string;
  /** In Prometheus' text format. */
  expose(): Promise<string>;
}

/** @param version of Greenpin, for `greenpin_build_info` */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'greenpin_build_info',
    help: 'Always 1; the version is the label.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1);
  return {
    contentType: registry.contentType,
    expose: () => registry.metrics(),
    called: createCallObserver(registry),
    ...createUpstreamObserver(registry),
  };
}

function createCallObserver(registry: Registry): CallObserver['called'] {
  const registers = [registry];
  const countCall = createCallCounter(registry);
  const observeDuration = createHistogram({
    name: 'greenpin_call_duration_seconds',
    help: 'From the request being accepted to the answer being handed to the socket.',
    buckets: DURATION_BUCKETS,
    registers,
  });
  const observeAge = createHistogram({
    name: 'greenpin_answer_age_seconds',
    help: 'How long ago upstream had last confirmed the answers that were given.',
    buckets: AGE_BUCKETS,
    registers,
  });
  const stale = new Counter({
    name: 'greenpin_stale_answers_total',
    help: 'Answers that were the last good one, since something upstream failed.',
    registers,
  });
  return (outcome, durationSeconds, freshness, age) => {
    countCall(outcome);
    observeDuration(durationSeconds);
    if (age !== undefined) observeAge(age);
    if (freshness === 'stale') stale.inc();
  };
}

/** Counts in a plain record and hands it on when Prometheus asks. Every outcome is there from the start, as 0. */
function createCallCounter(registry: Registry): (outcome: CallOutcome) => void {
  const outcomes = ['fresh', 'stale', 'nothing', ...Object.keys(API_ERROR_STATUS)] as CallOutcome[];
  const counts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<CallOutcome, number>;
  const calls = new Counter({
    name: 'greenpin_calls_total',
    help: 'Calls of getparams.execute, by how they ended.',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      for (const outcome of outcomes) calls.inc({ outcome }, counts[outcome]);
      for (const outcome of outcomes) counts[outcome] = 0;
    },
  });
  return (outcome) => {
    counts[outcome] += 1;
  };
}

/**
 * A histogram that takes its values in batches: one by one, each costs an answer from memory several times as much.
 * @returns what observes one value
 */
function createHistogram(configuration: HistogramConfiguration<string>): (value: number) => void {
  const pending: number[] = [];
  const drain = () => {
    for (const value of pending) histogram.observe(value);
    pending.length = 0;
  };
  const histogram = new Histogram({ ...configuration, collect: drain });
  return (value) => {
    if (pending.push(value) >= BATCH) drain();
  };
}

function createUpstreamObserver(registry: Registry): UpstreamObserver {
  const registers = [registry];
  const requests = new Counter({
    name: 'greenpin_upstream_requests_total',
    help: 'Requests to CI and registries, by host and HTTP status, or by what failed when no answer came.',
    labelNames: ['host', 'status'],
    registers,
  });
  const quota = { labelNames: ['ci'], registers } as const;
  const remaining = new Gauge({
    ...quota,
    name: 'greenpin_quota_remaining',
    help: 'Calls that the CI connection may still make in the current window.',
  });
  const limit = new Gauge({
    ...quota,
    name: 'greenpin_quota_limit',
    help: 'Calls that the CI connection may make in a window.',
  });
  const hosts = new Set<string>();
  return {
    requested(host, status) {
      if (hosts.size < MOST_HOSTS) hosts.add(host);
      requests.inc({ host: hosts.has(host) ? host : 'other', status: String(status) });
    },
    quota(ci, left, most) {
      remaining.set({ ci }, left);
      limit.set({ ci }, most);
    },
  };
}
