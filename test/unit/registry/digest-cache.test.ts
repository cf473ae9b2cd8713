import { beforeEach, describe, expect, test } from 'vitest';
import { DigestCache } from '../../../src/registry/digest-cache.ts';
import type { ImageSource } from '../../../src/resolve/ports.ts';
import { OUTAGE } from '../../fixtures/fake-ports.ts';
import { digest } from '../../fixtures/builders.ts';
import type { DigestResult } from '../../../src/registry/registry-client.ts';

const FRESH_FOR = 15_000;
const HOUR = 3_600_000;
const TEXT = 'registry.test/shop/front:sha-1a2b3c4';
const FOUND: DigestResult = {
  kind: 'found',
  digest: digest('f1'),
  mediaType: 'application/vnd.oci.image.index.v1+json',
};
const PUSHED_ANEW: DigestResult = { ...FOUND, digest: digest('f2') };
const ABSENT: DigestResult = { kind: 'absent', missing: 'manifest', reason: 'MANIFEST_UNKNOWN' };

let now: number;
let calls: number;
let result: DigestResult;
/** Holds back the answers of those who ask meanwhile. */
let gate: Promise<void> | undefined;
/** When another replica was told what is then good enough for a caller, or not. */
let toldAt: number | undefined;
let cache: ImageSource;

beforeEach(() => {
  now = 1_000_000;
  calls = 0;
  result = FOUND;
  gate = undefined;
  toldAt = undefined;
  cache = new DigestCache({
    client: {
      resolveDigest: async (_reference, _platform, newEnough) => {
        if (toldAt !== undefined && newEnough !== undefined && toldAt >= newEnough.found) {
          return { ...FOUND, asOf: toldAt };
        }
        calls += 1;
        const told = result;
        await gate;
        return told;
      },
      resolveRevision: async () => {
        calls += 1;
        return result.kind === 'failed' ? result : { kind: 'found', revisions: [] };
      },
    },
    freshFor: FRESH_FOR,
    now: () => now,
  });
});

describe('an immutable tag', () => {
  test('is queried once, and again after an hour', async () => {
    for (const at of [0, FRESH_FOR, HOUR - 1]) {
      now = 1_000_000 + at;
      expect(await cache.readDigest(TEXT, { immutable: true })).toEqual({
        kind: 'found',
        repository: 'registry.test/shop/front',
        tag: 'sha-1a2b3c4',
        digest: digest('f1'),
        asOf: null,
        askedAt: 1_000_000,
      });
    }
    expect(calls).toBe(1);
    now = 1_000_000 + HOUR;
    await cache.readDigest(TEXT, { immutable: true });
    expect(calls).toBe(2);
  });

  test('that was pushed again is queried soon, until its digest has changed', async () => {
    const rerun = { immutable: true, notBefore: 1_100_000, repushed: true };
    await cache.readDigest(TEXT, { immutable: true });
    now = 1_100_000;
    for (const [at, told, expected] of [
      [0, FOUND, 2],
      [FRESH_FOR - 1, FOUND, 2],
      [FRESH_FOR, FOUND, 3],
      [2 * FRESH_FOR, PUSHED_ANEW, 4],
      [3 * FRESH_FOR, PUSHED_ANEW, 4],
      [HOUR, PUSHED_ANEW, 4],
    ] as const) {
      now = 1_100_000 + at;
      result = told;
      await cache.readDigest(TEXT, rerun);
      expect([at, calls]).toEqual([at, expected]);
    }
  });

  test('that was pushed again with the same digest is not queried any more after some minutes', async () => {
    const rerun = { immutable: true, notBefore: 1_100_000, repushed: true };
    now = 1_100_000 + 300_000;
    await cache.readDigest(TEXT, rerun);
    now += HOUR - 1;
    await cache.readDigest(TEXT, rerun);
    expect(calls).toBe(1);
  });

  test('that is absent is queried again after freshFor: the push may still come', async () => {
    result = ABSENT;
    expect(await cache.readDigest(TEXT, { immutable: true })).toMatchObject({ kind: 'absent' });
    result = FOUND;
    now += FRESH_FOR - 1;
    expect(await cache.readDigest(TEXT, { immutable: true })).toMatchObject({ kind: 'absent' });
    now += 1;
    expect(await cache.readDigest(TEXT, { immutable: true })).toMatchObject({ kind: 'found' });
  });

  test('that stays absent is queried less and less often, at least every five minutes', async () => {
    result = ABSENT;
    const asked = async (polls: number): Promise<number> => {
      const before = calls;
      for (let poll = 0; poll < polls; poll++) {
        await cache.readDigest(TEXT, { immutable: true });
        now += FRESH_FOR;
      }
      return calls - before;
    };
    expect(await asked(10)).toBe(10);
    now += HOUR;
    expect(await asked(240)).toBe(12);
    result = FOUND;
    now += 300_000;
    expect(await cache.readDigest(TEXT, { immutable: true })).toMatchObject({ kind: 'found' });
  });
});

test('a mutable tag is queried again after freshFor, and has the time of the query', async () => {
  await cache.readDigest(TEXT, { immutable: false });
  now += FRESH_FOR - 1;
  expect(await cache.readDigest(TEXT, { immutable: false })).toMatchObject({ asOf: 1_000_000 });
  now += 1;
  result = { ...FOUND, digest: digest('f2') };
  expect(await cache.readDigest(TEXT, { immutable: false })).toMatchObject({
    digest: digest('f2'),
    asOf: 1_000_000 + FRESH_FOR,
  });
});

describe('a build that finished after the query', () => {
  test('may have pushed the tag again: one new query', async () => {
    await cache.readDigest(TEXT, { immutable: true });
    result = { ...FOUND, digest: digest('f2') };
    now += 5000;
    const options = { immutable: true, notBefore: 1_001_000 };
    expect(await cache.readDigest(TEXT, options)).toMatchObject({ digest: digest('f2') });
    await cache.readDigest(TEXT, options);
    expect(calls).toBe(2);
  });

  test('resets a long absence', async () => {
    result = ABSENT;
    await cache.readDigest(TEXT, { immutable: true });
    now += 10 * HOUR;
    await cache.readDigest(TEXT, { immutable: true });
    const options = { immutable: true, notBefore: now + 1000 };
    now += 2000;
    await cache.readDigest(TEXT, options);
    result = FOUND;
    now += FRESH_FOR;
    expect(await cache.readDigest(TEXT, options)).toMatchObject({ kind: 'found' });
  });
});

/** Everybody asks at `askedAt`, while the answer to a question of 1,000,000 is still to come. */
async function askMeanwhile(notBefore: number, askers: number, askedAt = 1_006_000) {
  const held = Promise.withResolvers<void>();
  gate = held.promise;
  const early = cache.readDigest(TEXT, { immutable: true, notBefore: 999_000 });
  if (result === FOUND) result = PUSHED_ANEW;
  now = askedAt;
  const late = Array.from({ length: askers }, () => cache.readDigest(TEXT, { immutable: true, notBefore }));
  now += 1000;
  held.resolve();
  return { early: await early, late: await Promise.all(late) };
}

describe('a build that finished during the query', () => {
  const FINISHED_AT = 1_005_000;
  const NEW = { kind: 'found', digest: digest('f2') };

  test('does not get the earlier answer: one new query is shared and cached', async () => {
    const { early, late } = await askMeanwhile(FINISHED_AT, 100);
    expect(early).toMatchObject({ kind: 'found', digest: digest('f1') });
    for (const told of late) expect(told).toMatchObject(NEW);
    expect(calls).toBe(2);
    expect(await cache.readDigest(TEXT, { immutable: true, notBefore: FINISHED_AT })).toMatchObject(NEW);
    expect(calls).toBe(2);
  });

  test('that finished before the query joins it', async () => {
    await askMeanwhile(1_000_000, 100);
    expect(calls).toBe(1);
  });

  test("is queried only once more, however far CI's clock is ahead", async () => {
    const { late } = await askMeanwhile(now + HOUR, 100);
    for (const told of late) expect(told).toMatchObject(NEW);
    expect(calls).toBe(2);
  });

  test('by a CI clock that is ahead joins a concurrent query', async () => {
    await askMeanwhile(now + HOUR, 100, 1_000_000);
    expect(calls).toBe(1);
  });

  test('does not get a result that is only new enough for another build of the same tag', async () => {
    const held = Promise.withResolvers<void>();
    gate = held.promise;
    const [, older, newer] = [999_000, 1_002_000, FINISHED_AT].map((notBefore, i) => {
      now = 1_000_000 + i * 3000;
      return cache.readDigest(TEXT, { immutable: false, notBefore });
    });
    toldAt = 1_003_000;
    result = PUSHED_ANEW;
    held.resolve();
    expect(await older).toMatchObject({ digest: digest('f1'), asOf: toldAt });
    expect(await newer).toMatchObject(NEW);
  });

  test('shares a failure, which is never wrong and spares the registry', async () => {
    result = { kind: 'failed', failure: OUTAGE };
    const { late } = await askMeanwhile(FINISHED_AT, 2);
    expect(late).toEqual([result, result]);
    expect(calls).toBe(1);
  });
});

test('setting the clock back keeps nothing fresh for longer', async () => {
  await cache.readDigest(TEXT, { immutable: true });
  now -= HOUR;
  await cache.readDigest(TEXT, { immutable: true });
  expect(calls).toBe(2);
});

test('a failure is never cached', async () => {
  result = { kind: 'failed', failure: OUTAGE };
  expect(await cache.readDigest(TEXT, { immutable: true })).toEqual({ kind: 'failed', failure: OUTAGE });
  result = FOUND;
  expect(await cache.readDigest(TEXT, { immutable: true })).toMatchObject({ kind: 'found' });
});

test('concurrent callers for one image share a query', async () => {
  await Promise.all(Array.from({ length: 100 }, () => cache.readDigest(TEXT, { immutable: false })));
  expect(calls).toBe(1);
});

test('platforms are cached separately', async () => {
  await cache.readDigest(TEXT, { immutable: true });
  await cache.readDigest(TEXT, { immutable: true, platform: { os: 'linux', architecture: 'arm64' } });
  await cache.readDigest(TEXT, {
    immutable: true,
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
  });
  expect(calls).toBe(3);
});

test('an invalid reference causes no query', async () => {
  expect(await cache.readDigest('not valid', { immutable: true })).toEqual({
    kind: 'invalid',
    reason: expect.stringContaining('has the path component "not valid"'),
  });
  expect(calls).toBe(0);
});

test('a revision label is read once per digest, and a failure to read it is not cached', async () => {
  result = { kind: 'failed', failure: OUTAGE };
  expect(await cache.readRevision(TEXT)).toMatchObject({ kind: 'failed' });
  result = FOUND;
  expect(await cache.readRevision(TEXT)).toEqual({ kind: 'found', revisions: [] });
  now += 100 * HOUR;
  await cache.readRevision(TEXT);
  expect(calls).toBe(2);
});
