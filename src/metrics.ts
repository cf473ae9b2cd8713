/**
 * The metrics, in a prom-client registry per instance, so that two instances in one process share nothing.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { API_ERROR_STATUS } from './errors.ts';
import type { CallObserver, CallOutcome } from './http/access-log.ts';
import type { Clock } from './clock.ts';
import type { StoreObserver } from './store/archive.ts';
import type { UpstreamObserver } from './upstream/observer.ts';
import type { FreshnessObserver } from './runs/adaptive-freshness.ts';

/** From an answer in memory to one that takes the full deadline. */
const DURATION_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30,
];
/** From a `freshFor` of one second to a last good answer that is a month old. */
const AGE_BUCKETS = [1, 5, 10, 15, 30, 60, 120, 300, 900, 3_600, 21_600, 86_400, 604_800, 2_592_000];
/** Hosts come from the configuration, but a registry's challenge can name others. */
const MAX_HOSTS = 100;

export interface Metrics extends CallObserver, UpstreamObserver, FreshnessObserver, StoreObserver {
  readonly contentType: string;
  /** @returns Prometheus' text format */
  expose(): Promise<string>;
}

/**
 * @param version the version of Greenpin, for `greenpin_build_info`
 * @param now milliseconds since the epoch
 */
export function createMetrics(version: string, now: Clock = Date.now): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const help = 'Always 1; the version is the label.';
  new Gauge({ name: 'greenpin_build_info', help, labelNames: ['version'], registers }).set({ version }, 1);
  return {
    contentType: registry.contentType,
    expose: () => registry.metrics(),
    callFinished: createCallObserver(registers),
    ...createUpstreamObserver(registers),
    ...createQuotaObserver(registers, now),
    ...createStoreObserver(registers),
  };
}

function createCallObserver(registers: Registry[]): CallObserver['callFinished'] {
  const duration = new Histogram({
    name: 'greenpin_call_duration_seconds',
    help: 'Time from accepting the request to writing the answer.',
    buckets: DURATION_BUCKETS,
    registers,
  });
  const ages = new Histogram({
    name: 'greenpin_answer_age_seconds',
    help: 'Age of the answers, since upstream last confirmed them.',
    buckets: AGE_BUCKETS,
    registers,
  });
  const stale = new Counter({
    name: 'greenpin_stale_answers_total',
    help: 'Last good answers that were given because an upstream failed.',
    registers,
  });
  const byOutcome = createOutcomeCounters(registers);
  return (outcome, durationSeconds, freshness, age) => {
    byOutcome[outcome].inc();
    duration.observe(durationSeconds);
    if (age !== undefined) ages.observe(age);
    if (freshness === 'stale') stale.inc();
  };
}

/** Creates all outcomes at the start, with the value 0. */
function createOutcomeCounters(registers: Registry[]): Record<CallOutcome, Counter.Internal> {
  const calls = new Counter({
    name: 'greenpin_calls_total',
    help: 'Calls of getparams.execute by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const outcomes = ['fresh', 'stale', 'nothing', ...Object.keys(API_ERROR_STATUS)];
  for (const outcome of outcomes) calls.inc({ outcome }, 0);
  const bound = outcomes.map((outcome) => [outcome, calls.labels(outcome)]);
  return Object.fromEntries(bound) as Record<CallOutcome, Counter.Internal>;
}

function createUpstreamObserver(registers: Registry[]): Omit<UpstreamObserver, 'quota'> {
  const requests = new Counter({
    name: 'greenpin_upstream_requests_total',
    help: 'Requests to CI and registries by host and HTTP status, or by kind of failure if there was no response.',
    labelNames: ['host', 'status'],
    registers,
  });
  const skipped = new Counter({
    name: 'greenpin_ci_unreadable_runs_total',
    help: 'Runs listed by CI that were skipped because they could not be parsed; the log has the reason once.',
    labelNames: ['ci'],
    registers,
  });
  const hosts = new Set<string>();
  return {
    skipped: (ci, count) => skipped.inc({ ci }, count),
    requested(host, status) {
      if (hosts.size < MAX_HOSTS) hosts.add(host);
      requests.inc({ host: hosts.has(host) ? host : 'other', status: String(status) });
    },
  };
}

/** Computed when scraped, so that a quota that was reset does not look low until the next CI call. */
function createQuotaObserver(
  registers: Registry[],
  now: Clock,
): Pick<UpstreamObserver, 'quota'> & FreshnessObserver {
  const quotas = new Map<string, { remaining: number; limit: number; resetsAt: number }>();
  const freshness = new Map<string, () => number>();
  function addGauge<State>(
    name: string,
    help: string,
    states: ReadonlyMap<string, State>,
    read: (state: State) => number,
  ): Gauge<'ci'> {
    return new Gauge({
      name,
      help,
      labelNames: ['ci'],
      registers,
      collect() {
        for (const [ci, state] of states) this.set({ ci }, read(state));
      },
    });
  }
  addGauge(
    'greenpin_quota_remaining',
    'Calls left for the CI connection in the current quota window, if its kind reports a quota (Azure DevOps: units of load; Bitbucket Cloud: by our own count).',
    quotas,
    ({ remaining, limit, resetsAt }) => (now() < resetsAt ? remaining : limit),
  );
  addGauge(
    'greenpin_quota_limit',
    'Calls allowed for the CI connection in one quota window.',
    quotas,
    ({ limit }) => limit,
  );
  addGauge(
    'greenpin_fresh_for_seconds',
    'Current maximum age of a listing of the CI connection: freshFor, extended when the quota runs low or many repositories share a small one.',
    freshness,
    (read) => read() / 1000,
  );
  return {
    quota: (ci, remaining, limit, resetsAt) => void quotas.set(ci, { remaining, limit, resetsAt }),
    freshFor: (ci, read) => void freshness.set(ci, read),
  };
}

function createStoreObserver(registers: Registry[]): StoreObserver {
  const errors = new Counter({
    name: 'greenpin_store_errors_total',
    help: 'Failed calls of the store (file or Redis); answers continue from memory.',
    registers,
  });
  const up = new Gauge({
    name: 'greenpin_store_up',
    help: '1 while the store responds, 0 while answers are kept in memory only.',
    registers,
  });
  up.set(1);
  return { storeFailed: () => errors.inc(), storeUp: (is) => up.set(is ? 1 : 0) };
}
