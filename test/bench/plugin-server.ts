/** A child process: the plugin as it is served, before the bench's upstream. Run with --expose-gc. */
import { readFileSync } from 'node:fs';
import { loadConfig } from '../../src/config/load.ts';
import { createLogger } from '../../src/log/logger.ts';
import { composeService } from '../../src/compose/service.ts';

const [file = ''] = process.argv.slice(2);
const config = loadConfig({
  file,
  readFile: (path) => readFileSync(path, 'utf8'),
  env: {},
});
let passed = 0;
const service = composeService(config, {
  env: {},
  now: () => Date.now() + passed,
  logger: createLogger('silent'),
  version: 'bench',
  stopping: new AbortController().signal,
});
const { server } = await service.start();

/** `pass`: that many milliseconds go by; `memory`: bytes in use after a collection. */
type Order = { readonly kind: 'pass'; readonly milliseconds: number } | { readonly kind: 'memory' };

process.on('message', (order: Order) => {
  if (order.kind === 'pass') passed += order.milliseconds;
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.(heapUsed + external);
});
process.on('disconnect', () => process.exit());
process.send?.(server);
