import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSignedExchange } from '../../../src/replicas/signed-exchange.ts';
import { createFakeExchange, type FakeExchange } from '../../fixtures/fake-exchange.ts';
import type { Exchange } from '../../../src/replicas/exchange.ts';

let inner: FakeExchange;

beforeEach(() => {
  inner = createFakeExchange(() => 1_000_000);
});

function replica(...secrets: string[]): Exchange {
  return createSignedExchange(inner, () => secrets);
}

async function find(exchange: Exchange, topic = 'topic'): Promise<string | undefined> {
  return (await exchange.look(topic, Infinity, 1_000)).publication?.text;
}

const SAID = { text: '{"digest":"sha256:..."}', ageMs: 5 };

describe('what a replica says', () => {
  it('is believed by one that has the same secret, with its age', async () => {
    replica('secret').publish('topic', SAID, 1_000);
    expect((await replica('secret').look('topic', Infinity, 1_000)).publication).toEqual(SAID);
  });

  it('is believed when it is said with the turn, which it ends', async () => {
    const { turn } = await replica('secret').look('topic', Infinity, 1_000);
    turn?.publish(SAID, 1_000);
    expect(inner.turns.size).toBe(0);
    expect(await find(replica('secret'))).toBe(SAID.text);
  });

  it('is believed while the secret is being replaced, both ways', async () => {
    replica('new', 'old').publish('topic', SAID, 1_000);
    expect(await find(replica('old', 'new'))).toBe(SAID.text);
    expect(await find(replica('old'))).toBeUndefined();
  });

  it('does not name the secret', () => {
    replica('secret').publish('topic', SAID, 1_000);
    expect(inner.published[0]?.text).not.toContain('secret');
  });
});

describe('what nobody with the secret has said is not believed', () => {
  it.each([
    ['without a signature', SAID.text],
    ['shorter than a signature', 'x'],
    ['of nothing', ''],
    ['beyond ASCII', `${'é'.repeat(44)}${SAID.text}`],
  ])('%s', async (_, text) => {
    inner.put('topic', { text, ageMs: 0 });
    expect(await find(replica('secret'))).toBeUndefined();
  });

  it.each(['', ' ', '\t '])(
    'with the secret %j, which an empty line beside the real one would be',
    async (blank) => {
      const mac = createHmac('sha256', blank)
        .update(JSON.stringify(['greenpin exchange 1', 'topic', SAID.text]))
        .digest('base64');
      inner.put('topic', { text: mac + SAID.text, ageMs: 0 });
      expect(await find(replica('secret', blank))).toBeUndefined();
    },
  );

  it('with another secret', async () => {
    replica('another').publish('topic', SAID, 1_000);
    expect(await find(replica('secret'))).toBeUndefined();
  });

  it('of another topic, or changed', async () => {
    replica('secret').publish('topic', SAID, 1_000);
    const text = inner.published[0]?.text ?? '';
    inner.put('another', { text, ageMs: 0 });
    expect(await find(replica('secret'), 'another')).toBeUndefined();
    inner.put('topic', { text: text.replace('sha256', 'sha512'), ageMs: 0 });
    expect(await find(replica('secret'))).toBeUndefined();
  });
});

it('without a secret nothing is said or believed, and the turn is taken and given back', async () => {
  replica('secret').publish('topic', SAID, 1_000);
  const failing = createSignedExchange(inner, () => {
    throw new Error('the file is not there yet');
  });
  for (const exchange of [replica(), failing]) {
    expect(await find(exchange)).toBeUndefined();
    exchange.publish('other', SAID, 1_000);
    const { turn } = await exchange.look('other', Infinity, 1_000);
    turn?.publish(SAID, 1_000);
    expect(inner.turns.has('other')).toBe(false);
  }
  expect(inner.published).toHaveLength(1);
});
