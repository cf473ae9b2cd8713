/** A problem in the configuration file. It shows what was found only if that cannot be a secret. */
import type { DocumentPath } from '../text/document-path.ts';

export interface Problem {
  readonly path: DocumentPath;
  /** `found …, expected …`, on one line. */
  readonly text: string;
}
