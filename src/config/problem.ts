/**
 * Problems in the configuration file: where, what was found, what is expected (design §3). What was found is shown only where it
 * can't be a secret.
 */

import type { DocumentPath } from '../text/document-path.ts';

export interface Problem {
  readonly path: DocumentPath;
  /** `found …, expected …`, on one line. */
  readonly text: string;
}
