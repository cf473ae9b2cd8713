import { beforeEach, expect, test } from 'vitest';
import { createWarmer, type Warmer } from '../../../src/runs/prefetch.ts';

let now: number;
let known: string[];
let warmed: string[];
let warmer: Warmer;

beforeEach(() => {
  now = 1_000_000;
  known = [];
  warmed = [];
  warmer = createWarmer({
    now: () => now,
    candidates: () => known,
    warm: (branch) => void warmed.push(branch),
  });
});

test('a branch that was asked for lately is warmed when its runs change, and others are not', () => {
  warmer.asked('a');
  warmer.changed(new Set(['a', 'b']));
  expect(warmed).toEqual(['a']);
});

test('a branch that nobody has asked for in ten minutes is not', () => {
  warmer.asked('a');
  now += 600_000;
  warmer.changed(new Set(['a']));
  expect(warmed).toEqual([]);
});

test('for each branch that is asked for, two that were not are tried, the most probable first, each once', () => {
  known = ['a', 'b', 'c', 'd', 'e', 'f'];
  warmer.asked('a');
  expect(warmed).toEqual(['b', 'c']);
  warmer.asked('b');
  expect(warmed).toEqual(['b', 'c', 'd', 'e']);
  warmer.asked('a');
  expect(warmed).toHaveLength(4);
  warmer.asked('c');
  warmer.asked('d');
  expect(warmed).toEqual(['b', 'c', 'd', 'e', 'f']);
});

test('what a later listing shows can be tried too', () => {
  known = ['a'];
  warmer.asked('a');
  known = ['z', 'a'];
  warmer.changed(new Set(['z']));
  warmer.asked('b');
  expect(warmed).toEqual(['z']);
});
