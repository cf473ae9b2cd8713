/** Loaded into `greenpin serve` before it starts, so that a benchmark can move its clock and read its memory. */

export interface ControlOrder {
  /** Milliseconds to move the clock forward. */
  readonly pass?: number;
}

const realNow = Date.now;
let passed = 0;
Date.now = () => realNow() + passed;

process.on('message', ({ pass = 0 }: ControlOrder) => {
  passed += pass;
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.(heapUsed + external);
});
process.on('disconnect', () => process.exit());
