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

describe('a tag that can only ever mean one build', () => {
  test('is asked for once, and again after an hour', async () => {
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

  test('that was pushed anew is asked for soon, until its digest has changed', async () => {
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

  test('that was pushed anew with the same digest is left alone after some minutes', async () => {
    const rerun = { immutable: true, notBefore: 1_100_000, repushed: true };
    now = 1_100_000 + 300_000;
    await cache.readDigest(TEXT, rerun);
    now += HOUR - 1;
    await cache.readDigest(TEXT, rerun);
    expect(calls).toBe(1);
  });

  test('and is absent is asked for again after freshFor: the push may still be coming', async () => {
    result = ABSENT;
    expect(await cache.readDigest(TEXT, { immutable: true })).toMatchObject({ kind: 'absent' });
    result = FOUND;
    now += FRESH_FOR - 1;
    expect(await cache.readDigest(TEXT, { immutable: true })).toMatchObject({ kind: 'absent' });
    now += 1;
    expect(await cache.readDigest(TEXT, { immutable: true })).toMatchObject({ kind: 'found' });
  });

  test('and stays absent is asked for less and less often, every five minutes at least', async () => {
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

test('a tag that can move is asked for again after freshFor, and tells when it was asked for', async () => {
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

describe('a build that finished after the registry was asked', () => {
  test('may have pushed the tag anew: it is asked again, once', async () => {
    await cache.readDigest(TEXT, { immutable: true });
    result = { ...FOUND, digest: digest('f2') };
    now += 5000;
    const options = { immutable: true, notBefore: 1_001_000 };
    expect(await cache.readDigest(TEXT, options)).toMatchObject({ digest: digest('f2') });
    await cache.readDigest(TEXT, options);
    expect(calls).toBe(2);
  });

  test('makes a long absence count no more', async () => {
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

describe('a build that finished while the registry was being asked for its image', () => {
  const FINISHED_AT = 1_005_000;
  const NEW = { kind: 'found', digest: digest('f2') };

  test('is not told the answer of before: it is asked once more for all who join, and that is kept', async () => {
    const { early, late } = await askMeanwhile(FINISHED_AT, 100);
    expect(early).toMatchObject({ kind: 'found', digest: digest('f1') });
    for (const told of late) expect(told).toMatchObject(NEW);
    expect(calls).toBe(2);
    expect(await cache.readDigest(TEXT, { immutable: true, notBefore: FINISHED_AT })).toMatchObject(NEW);
    expect(calls).toBe(2);
  });

  test('and before it was asked joins', async () => {
    await askMeanwhile(1_000_000, 100);
    expect(calls).toBe(1);
  });

  test('is asked for once more only, however far ahead the clock of CI is', async () => {
    const { late } = await askMeanwhile(now + HOUR, 100);
    for (const told of late) expect(told).toMatchObject(NEW);
    expect(calls).toBe(2);
  });

  test('by a clock of CI that is ahead joins a question of the same moment', async () => {
    await askMeanwhile(now + HOUR, 100, 1_000_000);
    expect(calls).toBe(1);
  });

  test('is not told what is new enough for another build of the same tag', async () => {
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

  test('shares a failure: it gives no wrong answer, and the registry is left alone', async () => {
    result = { kind: 'failed', failure: OUTAGE };
    const { late } = await askMeanwhile(FINISHED_AT, 2);
    expect(late).toEqual([result, result]);
    expect(calls).toBe(1);
  });
});

test('a clock that is set back makes nothing good for longer', async () => {
  await cache.readDigest(TEXT, { immutable: true });
  now -= HOUR;
  await cache.readDigest(TEXT, { immutable: true });
  expect(calls).toBe(2);
});

test('a failure is never kept', async () => {
  result = { kind: 'failed', failure: OUTAGE };
  expect(await cache.readDigest(TEXT, { immutable: true })).toEqual({ kind: 'failed', failure: OUTAGE });
  result = FOUND;
  expect(await cache.readDigest(TEXT, { immutable: true })).toMatchObject({ kind: 'found' });
});

test('concurrent callers of one image join', async () => {
  await Promise.all(Array.from({ length: 100 }, () => cache.readDigest(TEXT, { immutable: false })));
  expect(calls).toBe(1);
});

test('platforms are kept apart', async () => {
  await cache.readDigest(TEXT, { immutable: true });
  await cache.readDigest(TEXT, { immutable: true, platform: { os: 'linux', architecture: 'arm64' } });
  await cache.readDigest(TEXT, {
    immutable: true,
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
  });
  expect(calls).toBe(3);
});

test('a text that is no reference asks nobody', async () => {
  expect(await cache.readDigest('not valid', { immutable: true })).toEqual({
    kind: 'invalid',
    reason: expect.stringContaining('has the path component "not valid"'),
  });
  expect(calls).toBe(0);
});

test("a revision label is read once for each digest, and a failure to read it isn't kept", async () => {
  result = { kind: 'failed', failure: OUTAGE };
  expect(await cache.readRevision(TEXT)).toMatchObject({ kind: 'failed' });
  result = FOUND;
  expect(await cache.readRevision(TEXT)).toEqual({ kind: 'found', revisions: [] });
  now += 100 * HOUR;
  await cache.readRevision(TEXT);
  expect(calls).toBe(2);
});
