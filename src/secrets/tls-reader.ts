/** TLS files behind a reader: an authority or a client certificate that is replaced needs no restart. */
import { readFileSync } from 'node:fs';
import type { SecretDeps } from './secret.ts';
import { readTlsFiles, type TlsFiles, type TlsMaterial } from './tls-files.ts';
import { fileVersion } from './file-version.ts';

/**
 * Looks each time whether a file has changed.
 * @returns the same object as long as nothing has
 * @throws Error with one line for each file that is not usable, if they never were
 */
export type TlsReader = () => TlsMaterial;

/** A certificate and its key are seldom replaced in the same moment: until they fit, the pair that was read before is used. */
export function createTlsReader(files: TlsFiles, { warn }: SecretDeps): TlsReader {
  const paths = [files.caFile, files.client?.certFile, files.client?.keyFile].filter(
    (path) => path !== undefined,
  );
  let seen: string | undefined;
  let good: TlsMaterial | undefined;
  let problem = '';

  function read(): void {
    const reading = readTlsFiles(files, (file) => readFileSync(file, 'utf8'));
    if (reading.kind === 'read') {
      good = reading.material;
      return;
    }
    problem = reading.problems.join('; ');
    if (good !== undefined) warn(`${problem}; what was read before is used`);
  }

  return () => {
    // Before the content: if a file changes in between, the next look sees it.
    const version = paths.map(versionOf).join('\n');
    if (version !== seen) read();
    seen = version;
    if (good === undefined) throw new Error(problem);
    return good;
  };
}

function versionOf(file: string): string {
  try {
    return fileVersion(file);
  } catch {
    return 'none';
  }
}
