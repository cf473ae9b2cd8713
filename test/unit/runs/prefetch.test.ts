import { beforeEach, expect, test } from 'vitest';
import { ImagePrefetcher } from '../../../src/runs/prefetch.ts';

let now: number;
let known: string[];
let prefetched: string[];
let prefetcher: ImagePrefetcher;

beforeEach(() => {
  now = 1_000_000;
  known = [];
  prefetched = [];
  prefetcher = new ImagePrefetcher({
    now: () => now,
    candidates: () => known,
    prefetch: (branch) => void prefetched.push(branch),
  });
});

test('a recently requested branch is prefetched when its runs change; others are not', () => {
  prefetcher.onRequested('a');
  prefetcher.onChanged(new Set(['a', 'b']));
  expect(prefetched).toEqual(['a']);
});

test('a branch not requested for ten minutes is not prefetched', () => {
  prefetcher.onRequested('a');
  now += 600_000;
  prefetcher.onChanged(new Set(['a']));
  expect(prefetched).toEqual([]);
});

test('each request prefetches two other branches, most likely first, each once', () => {
  known = ['a', 'b', 'c', 'd', 'e', 'f'];
  prefetcher.onRequested('a');
  expect(prefetched).toEqual(['b', 'c']);
  prefetcher.onRequested('b');
  expect(prefetched).toEqual(['b', 'c', 'd', 'e']);
  prefetcher.onRequested('a');
  expect(prefetched).toHaveLength(4);
  prefetcher.onRequested('c');
  prefetcher.onRequested('d');
  expect(prefetched).toEqual(['b', 'c', 'd', 'e', 'f']);
});

test('branches of a later listing can be prefetched too', () => {
  known = ['a'];
  prefetcher.onRequested('a');
  known = ['z', 'a'];
  prefetcher.onChanged(new Set(['z']));
  prefetcher.onRequested('b');
  expect(prefetched).toEqual(['z']);
});
