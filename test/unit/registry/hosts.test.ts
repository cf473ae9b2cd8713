/** What one question's answer means for everybody else who asks the same host. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseReference } from '../../../src/image/reference.ts';
import {
  createScriptedServer,
  type Answer,
  type AnswerTo,
  type ScriptedServer,
} from '../../fixtures/network/scripted-server.ts';
import {
  createRegistryHarness,
  type RegistryHarness,
  type RegistryHarnessOptions,
} from '../../fixtures/registry/harness.ts';
import { createImage, served } from '../../fixtures/registry/responses.ts';
import type { DigestResult } from '../../../src/registry/registry-client.ts';

const shop = createImage(null);

let server: ScriptedServer;
beforeEach(async () => {
  server = await createScriptedServer();
});
afterEach(() => server.close());

function expectTag(tag: string, answer: Answer | AnswerTo, times = 1): void {
  server.expect({ method: 'HEAD', path: `/v2/acme/shop/manifests/${tag}` }, answer, times);
}

function ask(harness: RegistryHarness, tag: string, host = 'reg.test'): Promise<DigestResult> {
  return harness.client.resolveDigest(parseReference(`${host}/acme/shop:${tag}`));
}

describe('after Retry-After', () => {
  it.each([
    [429, 'rate_limited'],
    [503, 'unavailable'],
  ])('of a %i the host is left alone until then, by all callers', async (status, kind) => {
    const harness = createRegistryHarness(server);
    expectTag('1', { status, headers: { 'retry-after': '30' } });
    const first = await ask(harness, '1');
    harness.advance(29_999);
    const second = await ask(harness, '2');
    expect(first).toMatchObject({ failure: { kind, retryAfterMs: 30_000 } });
    expect(second).toMatchObject({ failure: { kind, retryAfterMs: 1 } });
    expect(second).toEqual({
      ...first,
      failure: { ...('failure' in first && first.failure), retryAfterMs: 1 },
    });
    harness.advance(1);
    expectTag('2', served(shop));
    expect(await ask(harness, '2')).toMatchObject({ kind: 'found' });
    server.verify();
  });

  it.each(['1000000000000', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'of %s the host is called again after five minutes, by one caller',
    async (value) => {
      const harness = createRegistryHarness(server);
      expectTag('0', served(shop));
      await ask(harness, '0');
      expectTag('1', { status: 429, headers: { 'retry-after': value } });
      const first = await ask(harness, '1');
      harness.advance(299_999);
      expect(await ask(harness, '2')).toMatchObject({ failure: { kind: 'rate_limited' } });
      harness.advance(1);
      const arrived = Promise.withResolvers<void>();
      const late = Promise.withResolvers<Answer>();
      expectTag('2', () => {
        arrived.resolve();
        return late.promise;
      });
      const probe = ask(harness, '2');
      await arrived.promise;
      const others = await Promise.all(['3', '4', '5'].map((tag) => ask(harness, tag)));
      for (const other of others) {
        expect(other).toEqual({
          ...first,
          failure: { ...('failure' in first && first.failure), retryAfterMs: 1 },
        });
      }
      late.resolve(served(shop));
      expect(await probe).toMatchObject({ kind: 'found' });
      expectTag('3', served(shop));
      expect(await ask(harness, '3')).toMatchObject({ kind: 'found' });
      server.verify();
    },
  );

  it('that has ended, callers wait for one trial and continue after its success', async () => {
    const harness = createRegistryHarness(server, { delay: () => Promise.withResolvers<void>().promise });
    expectTag('0', served(shop));
    await ask(harness, '0');
    expectTag('1', { status: 429, headers: { 'retry-after': '30' } });
    await ask(harness, '1');
    harness.advance(30_000);
    for (const tag of ['1', '2', '3']) expectTag(tag, served(shop));
    const answers = await Promise.all(['1', '2', '3'].map((tag) => ask(harness, tag)));
    expect(answers.map(({ kind }) => kind)).toEqual(['found', 'found', 'found']);
    server.verify();
  });

  it('that has ended, the host is paused again if the trial is limited too', async () => {
    const harness = createRegistryHarness(server);
    const limited = { status: 429, headers: { 'retry-after': '30' } };
    expectTag('1', limited, 2);
    await ask(harness, '1');
    harness.advance(30_000);
    expect(await ask(harness, '1')).toMatchObject({ failure: { retryAfterMs: 30_000 } });
    harness.advance(29_999);
    expect(await ask(harness, '2')).toMatchObject({ failure: { retryAfterMs: 1 } });
    server.verify();
  });

  it('a trial whose connection breaks retries by itself', async () => {
    const harness = createRegistryHarness(server);
    expectTag('1', { status: 429, headers: { 'retry-after': '30' } });
    await ask(harness, '1');
    harness.advance(30_000);
    expectTag('1', { fault: 'reset' });
    expectTag('1', served(shop));
    expect(await ask(harness, '1')).toMatchObject({ kind: 'found' });
    server.verify();
  });

  it('other hosts are asked', async () => {
    const harness = createRegistryHarness(server);
    expectTag('1', { status: 429, headers: { 'retry-after': '30' } });
    expectTag('1', served(shop));
    expect(await ask(harness, '1')).toMatchObject({ kind: 'failed' });
    expect(await ask(harness, '1', 'other.test')).toMatchObject({ kind: 'found' });
    server.verify();
  });

  it('setting the clock back does not prolong the pause', async () => {
    const harness = createRegistryHarness(server);
    expectTag('1', { status: 429, headers: { 'retry-after': '30' } });
    await ask(harness, '1');
    harness.advance(-3_600_000);
    expectTag('2', served(shop));
    expect(await ask(harness, '2')).toMatchObject({ kind: 'found' });
  });
});

describe('after a fault', () => {
  const faults: readonly [string, Answer, number, RegistryHarnessOptions][] = [
    ['time-out', { fault: 'hang' }, 1, { timeoutMs: 2000 }],
    ['reset', { fault: 'reset' }, 3, {}],
    ['502', { status: 502 }, 3, {}],
    ['429 without Retry-After', { status: 429 }, 1, {}],
  ];

  it.each(faults)('(%s) the host is left alone for two seconds', async (_, answer, times, options) => {
    const harness = createRegistryHarness(server, options);
    expectTag('1', answer, times);
    const first = await ask(harness, '1');
    harness.advance(1999);
    expect(await ask(harness, '2')).toEqual(first);
    harness.advance(1);
    expectTag('2', served(shop));
    expect(await ask(harness, '2')).toMatchObject({ kind: 'found' });
    server.verify();
  });

  it('(500) of one image the others are asked for', async () => {
    const harness = createRegistryHarness(server);
    expectTag('1', { status: 500 });
    expectTag('2', served(shop));
    expect(await ask(harness, '1')).toMatchObject({ failure: { kind: 'unavailable' } });
    expect(await ask(harness, '2')).toMatchObject({ kind: 'found' });
    server.verify();
  });

  it('a thousand queries do not each wait for the time-out', async () => {
    const harness = createRegistryHarness(server, { timeoutMs: 1000, maxConcurrent: 4 });
    const tags = Array.from({ length: 1000 }, (_, i) => String(i));
    server.expect({ method: 'HEAD', path: '/v2/acme/shop0/manifests/1' }, { fault: 'hang' });
    for (const i of [1, 2, 3])
      server.expect({ method: 'HEAD', path: `/v2/acme/shop${i}/manifests/1` }, { fault: 'hang' });
    const answers = await Promise.all(
      tags.map((i) => harness.client.resolveDigest(parseReference(`reg.test/acme/shop${i}:1`))),
    );
    expect(answers.every((answer) => answer.kind === 'failed' && answer.failure.kind === 'timeout')).toBe(
      true,
    );
    expect(server.requests).toHaveLength(4);
    server.verify();
  });

  it('is retried after growing pauses with jitter', async () => {
    const harness = createRegistryHarness(server, { random: () => 0.9 });
    expectTag('1', { status: 503 }, 3);
    await ask(harness, '1');
    expect(harness.pauses).toEqual([280, 560]);
  });

  it('is not retried if the deadline comes first', async () => {
    const harness = createRegistryHarness(server);
    expectTag('1', () => {
      harness.advance(29_900);
      return { status: 503 };
    });
    expect(await ask(harness, '1')).toMatchObject({ failure: { kind: 'unavailable' } });
    server.verify();
  });
});

describe('the time-out', () => {
  it('does not count waiting for a slot', async () => {
    const harness = createRegistryHarness(server, { maxConcurrent: 1 });
    const hop = { method: 'HEAD', path: '/hop' };
    expectTag('1', { status: 307, headers: { location: '/hop' } });
    server.expect({ method: 'HEAD', path: '/v2/acme/other/manifests/1' }, () => {
      harness.advance(30_001);
      return served(shop);
    });
    server.expect(hop, { status: 503 });
    server.expect(hop, served(shop));
    const asked = [ask(harness, '1'), harness.client.resolveDigest(parseReference('reg.test/acme/other:1'))];
    expect(await Promise.all(asked)).toMatchObject([{ kind: 'found' }, { kind: 'found' }]);
    server.verify();
  });

  it('used up by another host does not count against the host', async () => {
    const harness = createRegistryHarness(server, { timeoutMs: 10_000 });
    expectTag('1', () => {
      harness.advance(8500);
      return { status: 307, headers: { location: 'https://cdn.test/1' } };
    });
    server.expect({ method: 'HEAD', path: '/1' }, { fault: 'hang' });
    expect(await ask(harness, '1')).toMatchObject({ failure: { kind: 'timeout', host: 'cdn.test' } });
    expectTag('2', served(shop));
    expect(await ask(harness, '2', 'cdn.test')).toMatchObject({ kind: 'found' });
    server.verify();
  });
});

describe('requests', () => {
  it('are limited per host, without delaying other hosts', async () => {
    const harness = createRegistryHarness(server, { maxConcurrent: 2 });
    const waiting = Promise.withResolvers<Answer>();
    const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let running = 0;
    let most = 0;
    const answer = async (): Promise<Answer> => {
      arrived[running]?.resolve();
      most = Math.max(most, ++running);
      const result = await waiting.promise;
      running--;
      return result;
    };
    for (const i of [1, 2, 3, 4, 5])
      server.expect({ method: 'HEAD', path: `/v2/shop${i}/manifests/1` }, answer);
    const asked = [1, 2, 3, 4, 5].map((i) =>
      harness.client.resolveDigest(parseReference(`reg.test/shop${i}:1`)),
    );
    await Promise.all(arrived.map(({ promise }) => promise));
    expectTag('1', served(shop));
    expect(await ask(harness, '1', 'other.test')).toMatchObject({ kind: 'found' });
    waiting.resolve(served(shop));
    expect((await Promise.all(asked)).map(({ kind }) => kind)).toEqual(Array(5).fill('found'));
    expect(most).toBe(2);
    server.verify();
  });

  it('are each reported to the observer, with status or failure', async () => {
    const harness = createRegistryHarness(server);
    expectTag('1', { fault: 'reset' });
    expectTag('1', { status: 307, headers: { location: 'https://cdn.test/1' } });
    server.expect({ method: 'HEAD', path: '/1' }, { status: 429, headers: { 'retry-after': '9' } });
    await ask(harness, '1');
    await ask(harness, '1');
    expect(harness.observed.slice(0, 3)).toEqual(['reg.test unreachable', 'reg.test 307', 'cdn.test 429']);
  });
});
