/** Options of an LRUCache of at most so many entries. With `max`, lru-cache would allocate for all of them at the start. */
export function bounded(entries: number): { maxSize: number; sizeCalculation: () => number } {
  return { maxSize: entries, sizeCalculation: () => 1 };
}
