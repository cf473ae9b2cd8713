/** Tells one state of a file from another, without reading it. */
import { statSync } from 'node:fs';

/**
 * `stat` follows links, so a swapped link, by which Kubernetes replaces a mounted secret, shows as another inode.
 * @throws Error of `node:fs` when there is no such file
 */
export function fileVersion(file: string): string {
  const { ino, mtimeMs, ctimeMs, size } = statSync(file);
  return [ino, mtimeMs, ctimeMs, size].join(' ');
}
