/** Where commands read the configuration's text. */
import { readFileSync } from 'node:fs';

/** @param path `-`: standard input, by its number, since `/dev/stdin` is not there everywhere */
export function readConfigText(path: string): string {
  return readFileSync(path === '-' ? 0 : path, 'utf8');
}
