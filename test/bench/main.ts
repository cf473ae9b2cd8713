/**
 * Prints the budgets of design §6 and what this machine makes of them: `npm run bench`, or a part of it by name,
 * `npm run bench -- memory`. Nothing here is a timed test.
 */
import { availableParallelism } from 'node:os';
import { benchBranches } from './branches.ts';
import { benchColdResolve } from './cold-resolve.ts';
import { benchDigest } from './digest.ts';
import { benchMemoryAnswer } from './memory-answer.ts';
import { benchStart } from './start.ts';

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  memory: benchMemoryAnswer,
  cold: benchColdResolve,
  start: benchStart,
  branches: benchBranches,
  digest: benchDigest,
};

console.log(`Node ${process.version}, ${availableParallelism()} cores\n`);
const [wanted] = process.argv.slice(2);
for (const [name, run] of Object.entries(PARTS)) if (wanted === undefined || wanted === name) await run();
