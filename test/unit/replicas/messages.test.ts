/** What replicas tell each other is checked field by field: a listing becomes a digest, a link and a line in a log. */
import { expect, it } from 'vitest';
import { parseDigestResult, parseRun, parseRunPage } from '../../../src/replicas/messages.ts';
import type { RunPage } from '../../../src/ci/provider.ts';
import type { UnreadRun } from '../../../src/resolve/ports.ts';
import { createRun, digest, sha } from '../../fixtures/builders.ts';

const UNREAD: UnreadRun = {
  id: '9',
  branch: 'feature',
  commit: null,
  position: 9000,
  tie: null,
  createdAt: null,
  problem: 'a field path',
};
const RUN = JSON.parse(
  JSON.stringify(createRun({ id: '1', url: 'https://ci.test/1', builtCommit: sha('1') })),
) as object;

it('a run survives serialization', () => {
  expect(parseRun(RUN)).toEqual(RUN);
});

it('a page keeps all its fields', () => {
  const page: Required<Omit<RunPage, 'asOf'>> = {
    runs: [createRun({ id: '1' })],
    next: '2',
    restarts: true,
    total: 7,
    validator: 'W/"1"',
    changes: 'cursor',
    unread: [UNREAD],
    short: true,
    clock: 1_000_000,
  };
  expect(parseRunPage(JSON.parse(JSON.stringify(page)))).toEqual(page);
});

it.each([undefined, 5])('a page with the tie-break %j is invalid', (tie) => {
  expect(parseRunPage({ runs: [RUN] })).toBeDefined();
  expect(parseRunPage({ runs: [{ ...RUN, tie }] })).toBeUndefined();
  expect(parseRunPage({ runs: [], unread: [{ ...UNREAD, tie }] })).toBeUndefined();
});

it.each<[field: string, value: unknown]>([
  ['id', ''],
  ['attempt', 1.5],
  ['commit', 'HEAD'],
  ['commit', sha('1').slice(1)],
  ['builtCommit', 'HEAD'],
  ['builtCommit', undefined],
  ['state', 'green'],
  ['refKind', 'any'],
  ['url', 'javascript:alert(1)'],
  ['url', 'https://ci.test/1 2'],
  ['branch', 'x'.repeat(4_001)],
  ['createdAt', 1e300],
  ['startedAt', 'now'],
  ['origin', null],
  ['origin', 'ours'],
])('a run whose %s is %j is none', (field, value) => {
  expect(parseRun({ ...RUN, [field]: value })).toBeUndefined();
});

it.each([digest('a').slice(1), `${digest('a')}0`, digest('a').toUpperCase(), `md5:${'a'.repeat(32)}`])(
  '%s is not a digest',
  (text) => {
    expect(parseDigestResult({ kind: 'found', digest: text, mediaType: 'x' })).toBeUndefined();
  },
);
