/** The checkouts to measure: this one and, for a comparison, the one in GREENPIN_BENCH_TREE. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Tree extends Disposable {
  /** Path of the compiled program. */
  readonly main: string;
  /** The configuration's section of CI connections, which version 0.1.0 called `ci`. */
  readonly section: 'connections' | 'ci';
}

/** Compiles each tree. @returns this tree, and the other one if there is one */
export async function buildTrees(env: NodeJS.ProcessEnv): Promise<readonly Tree[]> {
  const other = env['GREENPIN_BENCH_TREE'];
  const roots = [join(import.meta.dirname, '../..'), ...(other === undefined ? [] : [resolve(other)])];
  return Promise.all(roots.map(buildTree));
}

async function buildTree(root: string): Promise<Tree> {
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-bench-'));
  const compiler = join(root, 'node_modules/.bin/tsc');
  await run(compiler, ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], { cwd: root });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const main = join(folder, 'dist/main.js');
  const { stdout } = await run(process.execPath, [main, 'schema']);
  return {
    main,
    section: stdout.includes('"connections"') ? 'connections' : 'ci',
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
