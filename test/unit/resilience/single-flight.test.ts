import { expect, it } from 'vitest';
import { KeyedQueue } from '../../../src/resilience/keyed-queue.ts';
import { SingleFlight } from '../../../src/resilience/single-flight.ts';

it('concurrent calls of a key are shared; later ones and other keys are not', async () => {
  const flights = new SingleFlight();
  let calls = 0;
  const call = async () => ++calls;
  expect(await Promise.all([flights.do('a', call), flights.do('a', call), flights.do('b', call)])).toEqual([
    1, 1, 2,
  ]);
  expect(await flights.do('a', call)).toBe(3);
});

it('a failed shared call fails for all, and is not remembered', async () => {
  const flights = new SingleFlight();
  const joined = [1, 2].map(() => flights.do('a', async () => Promise.reject(new Error('down'))));
  const outcomes = await Promise.allSettled(joined);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await flights.do('a', async () => 'up')).toBe('up');
});

it("a queue runs a key's calls one at a time, even after failures, and joins those of one variant", async () => {
  const queue = new KeyedQueue();
  const log: string[] = [];
  const call = (name: string, error?: Error) => async () => {
    log.push(`${name} begins`);
    await Promise.resolve();
    log.push(`${name} ends`);
    if (error !== undefined) throw error;
    return name;
  };
  const outcomes = await Promise.allSettled([
    queue.run('key', 'old', call('first', new Error('down'))),
    queue.run('key', 'old', call('joined')),
    queue.run('key', 'new', call('second')),
    queue.run('other', 'old', call('beside')),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  expect(log.filter((line) => !line.startsWith('beside'))).toEqual([
    'first begins',
    'first ends',
    'second begins',
    'second ends',
  ]);
  expect(await queue.run('key', 'old', call('third'))).toBe('third');
});

it('a call that is queued while the last one is running waits for it', async () => {
  const queue = new KeyedQueue();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const running = [first, second].map(({ promise }, at) => queue.run('key', String(at), () => promise));
  first.resolve();
  await running[0];
  let hasBegun = false;
  const third = queue.run('key', 'third', async () => void (hasBegun = true));
  await new Promise(setImmediate);
  expect(hasBegun).toBe(false);
  second.resolve();
  await third;
  expect(hasBegun).toBe(true);
});
