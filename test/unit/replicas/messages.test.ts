/** What replicas tell each other is checked field by field: a listing becomes a digest, a link and a line in a log. */
import { expect, it } from 'vitest';
import { parseDigestResult, parseRun } from '../../../src/replicas/messages.ts';
import { createRun, digest, sha } from '../../fixtures/builders.ts';

const RUN = JSON.parse(
  JSON.stringify(createRun({ id: '1', url: 'https://ci.test/1', builtCommit: sha('1') })),
) as object;

it('a run survives serialization', () => {
  expect(parseRun(RUN)).toEqual(RUN);
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
