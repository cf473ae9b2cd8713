/**
 * Whatever an upstream does wrong: an error while nothing is known, the last good answer when one is, and back to normal after it.
 * Each harness checks at its end that no secret is in a log line, an error, an answer or a metric.
 */
import { describe, expect, it } from 'vitest';
import { parseReference } from '../../src/image/reference.ts';
import type { FakeFault, FaultTarget } from '../fixtures/fake-server.ts';
import { REPOSITORY } from '../fixtures/plugin/config.ts';
import type { Reply } from '../fixtures/plugin/reply.ts';
import { createPluginHarness, type Built, type PluginHarness } from '../fixtures/plugin/harness.ts';

/**
 * For upstreams that never end: each call upstream may take half of it, which must do for those that end, on a slow machine too. Nobody
 * loses patience before.
 */
const SHORT = { deadlineMs: 6000, patienceMs: 6000 };
/** Seconds, longer than any pause after a fault. */
const A_WHILE = 120;
/** Seconds, longer than the registry's tokens live. */
const LONG = 400;

const FAILED = { status: 502, error: 'upstream_failed' };
const LIMITED = { status: 503, error: 'rate_limited' };

interface Row {
  readonly what: string;
  readonly hit: (harness: PluginHarness) => void;
  readonly expected?: { readonly status: number; readonly error: string };
  readonly options?: { readonly deadlineMs: number; readonly patienceMs: number };
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const HTML = '<!doctype html><title>Sign in</title>';

function html(status: number): FakeFault {
  return { kind: 'status', status, headers: { 'content-type': 'text/html' }, body: HTML };
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): FakeFault {
  return { kind: 'status', status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) };
}

function github(what: string, fault: FakeFault, more: Pick<Row, 'expected' | 'options'> = {}): Row {
  return { what, hit: (harness) => harness.github.fault(fault), ...more };
}

const HALF_A_PAGE = (harness: PluginHarness): FakeFault => {
  const run = harness.github.addRun(REPOSITORY, { head_branch: 'feature' });
  return json(200, { total_count: 3, workflow_runs: [run] });
};

const SPENT = (harness: PluginHarness): FakeFault =>
  json(
    403,
    { message: 'API rate limit exceeded for user ID 1.' },
    {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.floor(harness.now() / 1000) + 60),
    },
  );

const GITHUB: Row[] = [
  github('never answers', { kind: 'hang' }, { options: SHORT }),
  github('stops in the middle of its answer', { kind: 'stall' }, { options: SHORT }),
  github('resets the connection', { kind: 'reset' }),
  github('breaks off in the middle of its answer', { kind: 'truncate' }),
  github('answers 401', json(401, { message: 'Bad credentials' })),
  github('answers 403', json(403, { message: 'Resource not accessible by personal access token' })),
  {
    what: 'answers 403, its quota spent',
    hit: (harness) => harness.github.fault(SPENT(harness)),
    expected: LIMITED,
  },
  github('answers 404', json(404, { message: 'Not Found' })),
  github('answers 429', json(429, { message: 'Slow down' }, { 'retry-after': '30' }), { expected: LIMITED }),
  github('answers 500', json(500, { message: 'Server Error' })),
  github('answers 502', html(502)),
  github('answers 503', html(503)),
  github('answers 200 with a page of HTML', html(200)),
  github('answers 200 with HTML that is called JSON', {
    kind: 'status',
    status: 200,
    headers: JSON_TYPE,
    body: HTML,
  }),
  github('answers 200 with an object without keys', json(200, {})),
  github('answers 200 with an empty list', json(200, [])),
  github('answers 200 with null for the runs', json(200, { total_count: 0, workflow_runs: null })),
  github('answers 200 with nothing', { kind: 'status', status: 200, headers: JSON_TYPE, body: '' }),
  github('answers 206 with a listing', json(206, { total_count: 0, workflow_runs: [] })),
  github('answers 204', { kind: 'status', status: 204 }),
  github('says that there are runs, and lists none', json(200, { total_count: 1, workflow_runs: [] })),
  { what: 'lists half a page', hit: (harness) => harness.github.fault(HALF_A_PAGE(harness)) },
  github('redirects to another host', {
    kind: 'status',
    status: 302,
    headers: { location: 'http://127.0.0.2:9/repos/acme/shop/actions/runs' },
  }),
];

const FRONT = /\/shop-front\/manifests\//;
const BACK = /\/shop-back\/manifests\//;
const MANIFESTS = /\/manifests\//;
const TOKEN = /^\/token/;

type Hit = readonly [FakeFault, FaultTarget];

function registry(what: string, hits: readonly Hit[], more: Pick<Row, 'expected' | 'options'> = {}): Row {
  return { what, hit: (harness) => hits.forEach((hit) => harness.registry.fault(...hit)), ...more };
}

const ERRORS = (code: string) => ({ errors: [{ code, message: code.toLowerCase() }] });
const OTHER_DIGEST = { 'docker-content-digest': `sha256:${'0'.repeat(64)}` };

/** `front` is asked for by HEAD, `back` (of a platform) by GET. */
const REGISTRY: Row[] = [
  registry('never answers', [[{ kind: 'hang' }, { path: MANIFESTS }]], { options: SHORT }),
  registry('stops in the middle of a head', [[{ kind: 'stall' }, { path: FRONT }]], { options: SHORT }),
  registry('stops in the middle of a manifest', [[{ kind: 'stall' }, { path: BACK }]], { options: SHORT }),
  registry('resets the connection', [[{ kind: 'reset' }, {}]]),
  registry('breaks off in the middle of a head', [[{ kind: 'truncate' }, { path: FRONT }]]),
  registry('breaks off in the middle of a manifest', [[{ kind: 'truncate' }, { path: BACK }]]),
  {
    what: 'does not take the token that it has just given',
    hit: (harness) => {
      const challenge = `Bearer realm="http://${harness.registry.host}/token",service="fake-registry"`;
      const refusal = json(401, ERRORS('UNAUTHORIZED'), { 'www-authenticate': challenge });
      harness.registry.fault(refusal, { path: MANIFESTS, authorized: true });
    },
  },
  registry('answers 401 for a token', [[json(401, ERRORS('UNAUTHORIZED')), { path: TOKEN }]]),
  registry('answers 403 for a token', [[json(403, ERRORS('DENIED')), { path: TOKEN }]]),
  registry('answers 500 for a token', [[html(500), { path: TOKEN }]]),
  registry('never answers for a token', [[{ kind: 'hang' }, { path: TOKEN }]], { options: SHORT }),
  registry('answers HTML for a token', [[html(200), { path: TOKEN }]]),
  registry('answers without a token for a token', [[json(200, { token: '' }), { path: TOKEN }]]),
  registry('answers 403', [[json(403, ERRORS('DENIED')), { path: MANIFESTS, authorized: true }]]),
  registry('answers 404 as a denial', [[json(404, ERRORS('DENIED')), { path: MANIFESTS, authorized: true }]]),
  registry('answers 404 by a proxy, for /v2/ too', [[html(404), {}]]),
  registry('answers 404 by a proxy, whose /v2/ is a page', [
    [html(404), { path: MANIFESTS }],
    [html(200), { path: /^\/v2\/$/ }],
  ]),
  registry('answers 404 by a proxy, for manifests alone', [[html(404), { path: MANIFESTS }]]),
  registry('answers 412 for a policy', [[json(412, ERRORS('PROJECTPOLICYVIOLATION')), { path: MANIFESTS }]]),
  registry('answers 429', [[json(429, ERRORS('TOOMANYREQUESTS'), { 'retry-after': '30' }), {}]], {
    expected: LIMITED,
  }),
  registry('answers 500', [[html(500), { path: MANIFESTS }]]),
  registry('answers 503', [[html(503), { path: MANIFESTS }]]),
  registry('answers 200 with a page of HTML', [[html(200), { path: MANIFESTS }]]),
  registry('answers 200 with an object without keys', [[json(200, {}), { path: MANIFESTS }]]),
  registry('gives content that is not the digest of its header', [
    [
      { kind: 'alter', headers: OTHER_DIGEST },
      { path: BACK, method: 'GET' },
    ],
  ]),
  registry("gives no digest, and then another image's", [
    [
      { kind: 'alter', headers: { 'docker-content-digest': '' } },
      { path: FRONT, method: 'HEAD' },
    ],
    [
      { kind: 'alter', headers: OTHER_DIGEST },
      { path: FRONT, method: 'GET' },
    ],
  ]),
];

/** The parts' own errors, as a log or a debugger would show them. */
async function witnessErrors(harness: PluginHarness): Promise<void> {
  const { connections, registries } = harness.service.core;
  const reference = parseReference(`${harness.registry.host}/acme/shop-front:latest`);
  harness.assertNoSecret(await registries.resolveDigest(reference));
  await connections
    .get('github')
    ?.provider.fetchRuns(REPOSITORY)
    .catch((error: unknown) => harness.assertNoSecret(error));
}

async function expectFailure(harness: PluginHarness, { expected = FAILED }: Row): Promise<void> {
  const [first] = await Promise.all([harness.ask(), witnessErrors(harness)]);
  expect(first.status).toBe(expected.status);
  expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(JSON.parse(first.text)).toEqual({ error: expected.error, message: expect.stringMatching(/\S/) });
  expect((await harness.ask()).text, 'in the pause after the fault').toBe(first.text);
  harness.pass(A_WHILE);
  expect((await harness.ask()).text, 'after the pause').toBe(first.text);
}

async function expectLastGood(harness: PluginHarness, good: { readonly text: string }): Promise<void> {
  for (const more of [0, 3]) {
    harness.pass(more);
    const reply = await harness.ask();
    expect(reply).toMatchObject({ status: 200, freshness: 'stale', text: good.text });
    expect(reply.age).toBe(LONG + more);
  }
}

/** What was answered once the fault had gone, and what should have been. */
interface Healed {
  readonly reply: Reply;
  readonly newest: Built;
}

async function askForUnknown(row: Row): Promise<Healed> {
  await using harness = await createPluginHarness(row.options);
  const newest = harness.build('feature');
  row.hit(harness);
  await expectFailure(harness, row);
  heal(harness);
  return { reply: await harness.ask(), newest };
}

async function askForKnown(row: Row): Promise<Healed> {
  await using harness = await createPluginHarness(row.options);
  harness.build('feature');
  const good = await harness.ask();
  expect(good).toMatchObject({ status: 200, freshness: 'fresh' });
  harness.pass(LONG);
  row.hit(harness);
  const newest = harness.build('feature');
  await expectLastGood(harness, good);
  heal(harness);
  return { reply: await harness.ask(), newest };
}

const UPSTREAMS: readonly (readonly [upstream: string, rows: readonly Row[]])[] = [
  ['GitHub', GITHUB],
  ['the registry', REGISTRY],
];

// Only what is in one suite runs side by side.
describe('an unknown branch gets an error that does not change, a known one its last good answer, and both the newest build afterwards', () => {
  const each = UPSTREAMS.flatMap(([upstream, rows]) => rows.map((row) => ({ upstream, row })));
  for (const { upstream, row } of each) {
    it.concurrent(`when ${upstream} ${row.what}`, async () => {
      for (const { reply, newest } of await Promise.all([askForUnknown(row), askForKnown(row)])) {
        expect(reply).toMatchObject({ status: 200, freshness: 'fresh', age: 0, answer: newest.pinned });
      }
    });
  }
});

function heal(harness: PluginHarness): void {
  harness.github.heal();
  harness.registry.heal();
  harness.pass(A_WHILE);
}

it('a hanging upstream costs the known branches one wait, and not each of them one', async () => {
  // A call upstream may take half of the deadline: one wait is over long before, and a wait for each branch is not.
  await using harness = await createPluginHarness({ deadlineMs: 40_000, patienceMs: 3000 });
  const branches = Array.from({ length: 20 }, (_, i) => `known-${i}`);
  const built = new Map(branches.map((branch) => [branch, harness.build(branch)]));
  for (const branch of branches) {
    expect(await harness.ask({ branch })).toMatchObject({ freshness: 'fresh' });
  }
  harness.pass(LONG);
  harness.github.fault({ kind: 'hang' });
  for (const branch of branches) {
    const answer = built.get(branch)?.pinned;
    expect(await harness.ask({ branch })).toMatchObject({ status: 200, freshness: 'stale', answer });
  }
  // All were answered while the first call was still hanging.
  expect(await harness.metrics()).not.toContain('status="timeout"');
  harness.github.heal();
});
