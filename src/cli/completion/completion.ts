/** `greenpin completion`: scripts for bash, zsh and fish, generated from the declared commands. */
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { formatBash } from './bash.ts';
import { formatFish } from './fish.ts';
import { summarizeCommands } from './summary.ts';
import { formatZsh } from './zsh.ts';

const FORMATS = { bash: formatBash, zsh: formatZsh, fish: formatFish };
export type Shell = keyof typeof FORMATS;

/** @returns exit status 0 */
export function completion(shell: Shell, program: Command, { stdout }: CommandContext): number {
  stdout.write(FORMATS[shell](summarizeCommands(program)));
  return 0;
}
