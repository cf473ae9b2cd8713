import { expect, it, vi } from 'vitest';
import { createConnectionObserver } from '../../../src/ci/connection-observer.ts';

function setUp() {
  const observer = {
    requested: vi.fn<() => void>(),
    quota: vi.fn<() => void>(),
    skipped: vi.fn<() => void>(),
  };
  const watch = { host: 'ci.test', onQuota: vi.fn<() => void>(), warn: vi.fn<() => void>() };
  return { observer, watch, watching: createConnectionObserver(observer, watch) };
}

it('passes everything on', () => {
  const { observer, watching } = setUp();
  watching.requested('ci.test', 200);
  watching.quota('ci', 5, 10, 3000);
  watching.skipped?.('ci', 2, 'a field id');
  expect(observer.requested).toHaveBeenCalledExactlyOnceWith('ci.test', 200);
  expect(observer.quota).toHaveBeenCalledExactlyOnceWith('ci', 5, 10, 3000);
  expect(observer.skipped).toHaveBeenCalledExactlyOnceWith('ci', 2, 'a field id');
});

it('reports the quota', () => {
  const { watch, watching } = setUp();
  watching.quota('ci', 5, 10, 3000);
  expect(watch.onQuota).toHaveBeenCalledExactlyOnceWith(5, 10, 3000);
});

it('warns about runs that cannot be read, once', () => {
  const { watch, watching } = setUp();
  watching.skipped?.('ci', 1, 'a field id');
  watching.skipped?.('ci', 1, 'a field path');
  expect(watch.warn).toHaveBeenCalledExactlyOnceWith(
    'ci.test lists a workflow run with a field id that cannot be read; such runs are skipped',
  );
});
