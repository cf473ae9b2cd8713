/** Greenpin as it is installed: compiled, and beside its dependencies. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');

/** @returns a folder with `dist/main.js`, which the caller removes */
export async function buildGreenpin(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-bench-'));
  const compiler = join(ROOT, 'node_modules/.bin/tsc');
  const args = ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')];
  await promisify(execFile)(compiler, args, { cwd: ROOT });
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
