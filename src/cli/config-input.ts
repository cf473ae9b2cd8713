/** Reads the configuration's text. */
import { readFileSync } from 'node:fs';

/** @param path `-` means standard input, read by its descriptor because `/dev/stdin` does not exist everywhere */
export function readConfigText(path: string): string {
  return readFileSync(path === '-' ? 0 : path, 'utf8');
}
