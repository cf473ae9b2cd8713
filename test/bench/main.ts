/**
 * `npm run bench` prints the budgets and this machine's measurements; `npm run bench -- cold` runs one part.
 * None of it is a test. `GREENPIN_BENCH_TREE=/path` measures another checkout, with its own node_modules, in
 * alternation with this one.
 */
import { availableParallelism } from 'node:os';
import { benchBranches } from './branches.ts';
import { benchColdResolve } from './cold-resolve.ts';
import { benchDigest } from './digest.ts';
import { benchKinds } from './kinds.ts';
import { benchMemoryAnswer } from './memory-answer.ts';
import { benchStart } from './start.ts';
import { buildTrees, type Tree } from './tree.ts';

const PARTS: Readonly<Record<string, (trees: readonly Tree[]) => Promise<void>>> = {
  memory: benchMemoryAnswer,
  cold: benchColdResolve,
  start: benchStart,
  branches: benchBranches,
  digest: benchDigest,
  kinds: benchKinds,
};

console.log(`Node ${process.version}, ${availableParallelism()} cores`);
const wanted = process.argv.slice(2);
using stack = new DisposableStack();
const trees = await buildTrees(process.env);
for (const tree of trees) stack.use(tree);
for (const [name, run] of Object.entries(PARTS)) {
  if (wanted.length === 0 || wanted.includes(name)) await run(trees);
}
