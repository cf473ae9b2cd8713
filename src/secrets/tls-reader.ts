/** Reads CA certificates and client certificates, again when they change. */
import { readFileSync } from 'node:fs';
import { createReloader, type ReloadDeps } from './reload.ts';
import { readTlsFiles, type TlsFiles, type TlsMaterial } from './tls-files.ts';

/**
 * @returns the same object until a file changes
 * @throws Error with all problems in one line, if the files were never usable
 */
export type TlsReader = () => TlsMaterial;

export function createTlsReader(files: TlsFiles, deps: ReloadDeps): TlsReader {
  const paths = [files.caFile, files.client?.certFile, files.client?.keyFile].filter(
    (path) => path !== undefined,
  );
  const load = (): TlsMaterial => {
    const reading = readTlsFiles(files, (file) => readFileSync(file, 'utf8'));
    if (reading.kind === 'unusable') throw new Error(reading.problems.join('; '));
    return reading.material;
  };
  return createReloader(paths, load, deps);
}
