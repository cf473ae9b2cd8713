/** CI connections, of two kinds. */
import { expect, it, vi } from 'vitest';
import { composeConnection } from '../../../src/compose/ci.ts';
import type { Config } from '../../../src/config/config.ts';
import type { CiConnection } from '../../../src/ci/kind.ts';
import type { Observed, SharedFetch, SharedQuery } from '../../../src/replicas/shared-fetch.ts';
import { load, PROJECTS } from '../../fixtures/config/configurations.ts';

vi.mock('../../../src/ci/kinds.ts', () => import('../../fixtures/config/two-kinds.ts'));

const CONFIG = configure('freshFor: 20s');
const HUB: CiConnection = {
  name: 'hub',
  kind: 'github',
  url: 'https://hub.test/api/v3',
  auth: { kind: 'none' },
};

function configure(keys: string): Config {
  return load(`connections: {hub: {kind: github}}\n${PROJECTS}\n${keys}`);
}

function compose(connection: CiConnection, share?: SharedFetch, config = CONFIG) {
  const freshFor = new Map<string, () => number>();
  const observer = {
    requested: () => undefined,
    quota: () => undefined,
    freshFor: (name: string, read: () => number) => void freshFor.set(name, read),
  };
  const runtime = { env: {}, now: () => 1_000_000, observer, warn: () => undefined };
  const composed = composeConnection(connection, config, 1000, runtime, share);
  return { ...composed, freshFor: freshFor.get(connection.name)?.() };
}

it.each([
  ['github', 'freshFor: 20s', 20_000],
  ['conveyor', 'freshFor: 20s', 30_000],
  ['conveyor', 'freshFor: 60s', 60_000],
  ['conveyor', 'freshFor: 10s\nmaxFreshFor: 25s', 25_000],
])('a listing of kind %s is fresh for the longer of its own time and %j', (kind, keys, expected) => {
  expect(compose({ ...HUB, kind }, undefined, configure(keys)).freshFor).toBe(expected);
});

it('replicas share responses within one connection to one server', async () => {
  const topics = new Set<string>();
  const share = async <T>({ topic, parse }: SharedQuery<T>): Promise<Observed<T>> => {
    topics.add(topic);
    const value = parse({ runs: [] }) ?? parse('gone');
    if (value === undefined) throw new RangeError('only runs are shared here');
    return { value, observedAt: 0 };
  };
  for (const connection of [
    HUB,
    { ...HUB, auth: { kind: 'token', source: { file: 'token' } } },
    { ...HUB, name: 'other' },
    { ...HUB, url: 'https://other.test/api/v3' },
  ] satisfies CiConnection[]) {
    await compose(connection, share).provider.fetchRuns('acme/shop');
  }
  expect(topics.size).toBe(3);
});

it.each([
  ['listing', ({ provider }) => provider.fetchRuns('acme/shop')],
  ['list of pushes', ({ pushes }) => pushes?.fetchRuns('acme/shop')],
  ['statuses', ({ statuses }) => statuses?.fetchStatuses('acme/shop', '7'.repeat(40))],
] satisfies [string, (composed: ReturnType<typeof compose>) => Promise<unknown> | undefined][])(
  "accepts another replica's %s only as old as the shortest freshFor of the connection's projects",
  async (_what, fetch) => {
    const ages: (number | undefined)[] = [];
    const share = async <T>({ parse, maxAgeMs }: SharedQuery<T>): Promise<Observed<T>> => {
      ages.push(maxAgeMs);
      const value = parse({ runs: [] }) ?? parse({ statuses: [] });
      if (value === undefined) throw new RangeError('only runs and statuses are shared here');
      return { value, observedAt: 0 };
    };
    for (const keys of ['', ', freshFor: 5s', ', freshFor: 1m']) {
      const config = load(
        `connections: {hub: {kind: github}}\n${PROJECTS.replace('shop: {', `shop: {ci: hub${keys}, `)}\nfreshFor: 20s`,
      );
      await fetch(compose(HUB, share, config));
    }
    expect(ages).toEqual([20_000, 5_000, 20_000]);
  },
);
