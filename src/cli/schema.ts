/** `greenpin schema`: prints the JSON Schema of the configuration, for editors and CI. */
import { configJsonSchema } from '../config/schema.ts';
import type { CommandContext } from './context.ts';

/** @returns exit status 0 */
export function schema({ stdout }: CommandContext): number {
  stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return 0;
}
