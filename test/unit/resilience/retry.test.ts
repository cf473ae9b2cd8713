import { expect, it } from 'vitest';
import { retry } from '../../../src/resilience/retry.ts';

/** @param failures how often the call fails before it succeeds */
async function run(failures: number, isTransient = true) {
  const pauses: number[] = [];
  let calls = 0;
  const call = async (): Promise<number> => {
    if (calls++ < failures) throw new Error('blip');
    return calls;
  };
  const outcome = await retry(call, {
    retries: 2,
    firstPauseMs: 200,
    isTransient: () => isTransient,
    delay: async (ms) => void pauses.push(ms),
    random: () => 0.9,
  }).catch((error: unknown) => error);
  return { outcome, calls, pauses };
}

it('a failed call is retried after doubling pauses with jitter', async () => {
  expect(await run(2)).toEqual({ outcome: 3, calls: 3, pauses: [280, 560] });
});

it('a call that keeps failing throws its last error', async () => {
  expect(await run(3)).toMatchObject({ outcome: new Error('blip'), calls: 3 });
});

it('a permanent error is thrown at once', async () => {
  expect(await run(1, false)).toMatchObject({ outcome: new Error('blip'), calls: 1, pauses: [] });
});
