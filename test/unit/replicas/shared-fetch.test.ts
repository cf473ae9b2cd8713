import { beforeEach, describe, expect, it } from 'vitest';
import { createSharedCall, type ShareCall, type SharedQuestion } from '../../../src/replicas/shared-fetch.ts';
import { createFakeExchange, type FakeExchange } from '../../fixtures/fake-exchange.ts';

let now: number;
let exchange: FakeExchange;
let delays: number;
let whileWaiting: () => void;
let share: ShareCall;
let asked: number;

beforeEach(() => {
  now = 1_000_000;
  exchange = createFakeExchange(() => now);
  delays = 0;
  whileWaiting = () => undefined;
  asked = 0;
  share = createSharedCall({
    exchange,
    now: () => now,
    async delay(ms) {
      delays++;
      now += ms;
      whileWaiting();
    },
  });
});

/** Upstream's answers are numbers, and take 100 ms. */
function question(given: Partial<SharedQuestion<number>> = {}): SharedQuestion<number> {
  return {
    topic: 'topic',
    parse: (value) => (typeof value === 'number' ? value : undefined),
    accept: ({ askedAt }) => now - askedAt < 5_000,
    async ask() {
      now += 100;
      return ++asked;
    },
    keepFor: () => 60_000,
    ...given,
  };
}

async function looksOf(given: Partial<SharedQuestion<number>> = {}): Promise<number> {
  const before = exchange.looks;
  await share(question(given));
  return exchange.looks - before;
}

describe('a question', () => {
  it('that nobody has asked is asked, and the answer is as old as the question', async () => {
    expect(await share(question())).toEqual({ value: 1, askedAt: 1_000_000 });
    expect(exchange.turns.size).toBe(0);
  });

  it('is asked where what is there is longer than any answer', async () => {
    exchange.put('topic', { text: `${' '.repeat(4_000_000)}7`, ageMs: 0 });
    expect((await share(question())).value).toBe(1);
  });

  it("that somebody else has asked lately is answered by that one's answer, with its age", async () => {
    await share(question());
    now += 2_000;
    expect(await share(question())).toEqual({ value: 1, askedAt: 1_000_000 });
    expect(asked).toBe(1);
  });

  it('whose answer is too old is asked anew, by one who knows that answer', async () => {
    await share(question());
    now += 5_000;
    let last: unknown;
    const ask = (told: unknown) => {
      last = told;
      return Promise.resolve(7);
    };
    expect(await share(question({ ask }))).toMatchObject({ value: 7 });
    expect(last).toEqual({ value: 1, askedAt: 1_000_000 });
  });

  it.each(['"text"', '{', '{}', 'null'])('whose answer was broken into %s is asked anew', async (text) => {
    exchange.put('topic', { text, ageMs: 0 });
    expect(await share(question())).toMatchObject({ value: 1 });
  });

  it('is not told to others when its answer is of no use to them', async () => {
    await share(question({ keepFor: () => 0 }));
    expect(exchange.published).toEqual([]);
  });
});

describe('a question that another one is asking', () => {
  it('waits for the answer', async () => {
    exchange.turns.add('topic');
    whileWaiting = () => {
      if (delays === 3) exchange.put('topic', { text: '42', ageMs: 10 });
    };
    expect(await share(question())).toEqual({ value: 42, askedAt: now - 10 });
    expect(delays).toBe(3);
    expect(asked).toBe(0);
  });

  it('is asked as soon as the other one has failed', async () => {
    exchange.turns.add('topic');
    whileWaiting = () => {
      if (delays === 3) exchange.turns.clear();
    };
    expect(await share(question())).toMatchObject({ value: 1 });
    expect(delays).toBe(3);
  });

  it('is asked after three seconds in any case', async () => {
    exchange.turns.add('topic');
    expect(await share(question())).toMatchObject({ value: 1 });
    expect(now - 1_000_000).toBeLessThanOrEqual(3_200);
    expect(exchange.published).toHaveLength(1);
    // The other one may still be waiting for its answer.
    expect(exchange.turns.has('topic')).toBe(true);
  });

  it('is not asked twice when the other one was done between two looks', async () => {
    await share(question());
    now += 5_000;
    const look = exchange.look.bind(exchange);
    exchange.look = (topic, goodForMs, turnForMs) => {
      if (exchange.looks === 2) exchange.put('topic', { text: '42', ageMs: 0 });
      return look(topic, goodForMs, turnForMs);
    };
    expect(await share(question())).toMatchObject({ value: 42 });
    expect(asked).toBe(1);
    expect(exchange.turns.size).toBe(0);
  });

  it('is asked after about three seconds also where each look takes long', async () => {
    exchange.turns.add('topic');
    const look = exchange.look.bind(exchange);
    exchange.look = (topic, goodForMs, turnForMs) => {
      now += 200;
      return look(topic, goodForMs, turnForMs);
    };
    expect(await share(question())).toMatchObject({ value: 1 });
    expect(now - 1_000_000).toBeLessThanOrEqual(3_600);
  });
});

describe('where each look takes long, it is waited for', () => {
  it('once when nobody has asked, and not at all to tell what upstream said', async () => {
    expect(await looksOf()).toBe(1);
    expect(exchange.published).toHaveLength(1);
  });

  it('once when somebody else has asked lately', async () => {
    await share(question());
    expect(await looksOf()).toBe(1);
  });

  it('once when what is there is too old, if it is said how old it may be; else twice', async () => {
    await share(question());
    now += 5_000;
    expect(await looksOf({ goodFor: 4_999 })).toBe(1);
    now += 5_000;
    expect(await looksOf()).toBe(2);
    expect(asked).toBe(3);
  });

  it('never when asking upstream costs less, and what it said is told all the same', async () => {
    exchange.slow = true;
    expect(await looksOf({ cheap: true })).toBe(0);
    expect(exchange.published).toHaveLength(1);
    expect(await looksOf()).toBe(1);
    exchange.slow = false;
    expect(await share(question({ cheap: true }))).toMatchObject({ value: 1 });
  });
});

it('a failure is thrown on, told to nobody, and gives the turn back', async () => {
  const failing = question({ ask: () => Promise.reject(new Error('upstream')) });
  await expect(share(failing)).rejects.toThrow('upstream');
  expect(exchange.published).toEqual([]);
  expect(exchange.turns.size).toBe(0);
});

it('each asks for itself, without waiting, while nothing can be told', async () => {
  exchange.down = true;
  expect(await share(question())).toMatchObject({ value: 1 });
  expect(await share(question())).toMatchObject({ value: 2 });
  expect(delays).toBe(0);
});
