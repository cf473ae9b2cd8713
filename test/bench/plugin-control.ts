/** Loaded into `greenpin serve` before it starts. Advances its clock, and reads its memory and CPU time. */

export type ControlOrder =
  | { readonly kind: 'pass'; readonly milliseconds: number }
  /** Sends the bytes on the heap after a collection. */
  | { readonly kind: 'memory' }
  /** Sends the process's CPU time so far, in microseconds. */
  | { readonly kind: 'cpu' };

const realNow = Date.now;
let passed = 0;
Date.now = () => realNow() + passed;

process.on('message', (order: ControlOrder) => {
  if (order.kind === 'pass') passed += order.milliseconds;
  process.send?.(order.kind === 'cpu' ? readCpu() : readMemory());
});
process.on('disconnect', () => process.exit());

function readCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function readMemory(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
