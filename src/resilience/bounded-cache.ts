/** A map that evicts the least recently used entry when it is full. */
import { LRUCache } from 'lru-cache';

/**
 * With `max`, lru-cache allocates room for all entries at once; with `maxSize` it grows as needed.
 * @param onRemoved called with each entry that is evicted, deleted or replaced
 */
export function createBoundedCache<Value extends object | string | number | true>(
  maxEntries: number,
  onRemoved?: (value: Value, key: string, reason: LRUCache.DisposeReason) => void,
): LRUCache<string, Value> {
  return new LRUCache({
    maxSize: maxEntries,
    sizeCalculation: () => 1,
    ...(onRemoved && { dispose: onRemoved }),
  });
}
