/** Colours, only where somebody sees them: on a terminal, and never when NO_COLOR is set (https://no-color.org). */
import { styleText } from 'node:util';
import type { CommandContext } from '../context.ts';

export type Paint = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;

/** @returns a function that colours text for stdout, or leaves it as it is */
export function createColors({ stdout, env }: Pick<CommandContext, 'stdout' | 'env'>): Paint {
  const coloured = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return coloured
    ? (format, text) => styleText(format, text, { validateStream: false })
    : (_format, text) => text;
}
