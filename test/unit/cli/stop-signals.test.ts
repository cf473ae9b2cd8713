import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { handleStopSignals } from '../../../src/cli/stop-signals.ts';

function listening(env: Readonly<Record<string, string>> = {}) {
  const exit = vi.fn<(status: number) => void>();
  const before = vi.fn<() => void>();
  const stop = vi.fn<() => void>();
  const target = Object.assign(new EventEmitter(), { env, exit });
  target.on('SIGINT', before);
  let time = 5_000;
  handleStopSignals(target, stop, () => time);
  const at = (ms: number, signal: 'SIGTERM' | 'SIGINT') => {
    time = 5_000 + ms;
    target.emit(signal);
  };
  return { exit, before, stop, at };
}

describe('the first signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('asks to stop: %s', (signal) => {
    const { at, stop, exit } = listening();
    at(0, signal);
    expect([stop.mock.calls.length, exit.mock.calls.length]).toEqual([1, 0]);
  });

  it('no longer does what it did before', () => {
    const { at, before } = listening();
    at(0, 'SIGINT');
    expect(before).not.toHaveBeenCalled();
  });
});

describe('a second signal', () => {
  it.each([
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT'],
    ['SIGINT', 'SIGTERM'],
  ] as const)('ends the process at once: %s, then %s', (first, second) => {
    const { at, stop, exit } = listening();
    at(0, first);
    at(50, second);
    expect(exit.mock.calls).toEqual([[130]]);
    expect(stop).toHaveBeenCalledOnce();
  });

  it('is ignored together with the first', () => {
    const { at, exit } = listening();
    at(0, 'SIGINT');
    at(2, 'SIGINT');
    expect(exit).not.toHaveBeenCalled();
    at(50, 'SIGINT');
    expect(exit).toHaveBeenCalledOnce();
  });

  it('is ignored under npm for a second: npm forwards a signal that the terminal sends to both', () => {
    const { at, exit } = listening({ npm_lifecycle_event: 'greenpin' });
    at(0, 'SIGINT');
    at(3, 'SIGINT');
    at(900, 'SIGINT');
    expect(exit).not.toHaveBeenCalled();
    at(1_000, 'SIGINT');
    expect(exit.mock.calls).toEqual([[130]]);
  });
});
