/** Colors, only on a terminal and never if NO_COLOR is set (https://no-color.org). */
import { styleText } from 'node:util';
import type { CommandContext } from '../context.ts';

export type Colors = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;

/** @returns a function that colors text for stdout, or returns it unchanged */
export function createColors({ stdout, env }: Pick<CommandContext, 'stdout' | 'env'>): Colors {
  const enabled = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return enabled
    ? (format, text) => styleText(format, text, { validateStream: false })
    : (_format, text) => text;
}
