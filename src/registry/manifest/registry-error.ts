/** A registry's error answer (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes). Pure. */
import { isJsonObject, parseJsonObject } from '../json.ts';

export interface RegistryError {
  /** Upper case: `MANIFEST_UNKNOWN`; Red Hat's is `404`. */
  readonly code: string;
  readonly message: string;
}

/** @returns none when the body does not have the specification's form */
export function parseRegistryErrors(body: Buffer): RegistryError[] {
  const errors = parseJsonObject(body)?.['errors'];
  if (!Array.isArray(errors)) return [];
  return errors.filter(isJsonObject).flatMap(({ code, message }) => {
    if (typeof code !== 'string' && typeof code !== 'number') return [];
    return [{ code: String(code).toUpperCase(), message: typeof message === 'string' ? message : '' }];
  });
}

/** What a 404 says of an image. `unproven`: it may come from something in front of the registry. */
export type Absence = 'manifest' | 'repository' | 'denied' | 'unproven';

/** MANIFEST_UNKNOWN is the specification's, TAG_EXPIRED is Quay's (quay/clair#1554). */
const MANIFEST_MISSING: ReadonlySet<string> = new Set(['MANIFEST_UNKNOWN', 'TAG_EXPIRED']);
/** Of NOT_FOUND, which any API may say. */
const HARBOR = /^(?:artifact|repository|project|tag|manifest|resource)\b.*\bnot found$/i;
/** With the text `Not Found`. */
const RED_HAT: ReadonlySet<string> = new Set(['404', 'UNKNOWN']);
const DENIALS: ReadonlySet<string> = new Set(['DENIED', 'UNAUTHORIZED']);

/** Other texts are not believed: gateways say as well that something was not found. */
function isManifestMissing({ code, message }: RegistryError): boolean {
  if (code === 'NOT_FOUND') return HARBOR.test(message);
  return MANIFEST_MISSING.has(code) || (RED_HAT.has(code) && message === 'Not Found');
}

/** @param body of a GET of a manifest that was answered with 404 */
export function judgeAbsence(body: Buffer): Absence {
  const errors = parseRegistryErrors(body);
  if (errors.some(({ code }) => DENIALS.has(code))) return 'denied';
  if (errors.some(({ code }) => code === 'NAME_UNKNOWN')) return 'repository';
  return errors.some(isManifestMissing) ? 'manifest' : 'unproven';
}
