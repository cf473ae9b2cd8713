/**
 * Parses error responses of registries
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes). Pure.
 */
import { parseJsonObject } from '../json.ts';
import { isMapping } from '../../text/document-path.ts';

export interface RegistryError {
  /** In upper case: `MANIFEST_UNKNOWN`; Red Hat uses `404`. */
  readonly code: string;
  readonly message: string;
}

/** @returns an empty list if the body does not have the specified form */
export function parseRegistryErrors(body: Buffer): RegistryError[] {
  const errors = parseJsonObject(body)?.['errors'];
  if (!Array.isArray(errors)) return [];
  return errors.filter(isMapping).flatMap(({ code, message }) => {
    if (typeof code !== 'string' && typeof code !== 'number') return [];
    return [{ code: String(code).toUpperCase(), message: typeof message === 'string' ? message : '' }];
  });
}

/** The missing object, according to a 404. `unproven`: it may come from a proxy in front of the registry. */
export type NotFound = 'manifest' | 'repository' | 'denied' | 'unproven';

/** MANIFEST_UNKNOWN is specified, TAG_EXPIRED is Quay's (quay/clair#1554). */
const MANIFEST_MISSING: ReadonlySet<string> = new Set(['MANIFEST_UNKNOWN', 'TAG_EXPIRED']);
/** Messages for NOT_FOUND, a code that any API may use. */
const HARBOR = /^(?:artifact|repository|project|tag|manifest|resource)\b.*\bnot found$/i;
/** Codes that come with the message `Not Found`. */
const RED_HAT: ReadonlySet<string> = new Set(['404', 'UNKNOWN']);
const DENIALS: ReadonlySet<string> = new Set(['DENIED', 'UNAUTHORIZED']);

/** Accepts no other messages, since gateways also report that something was not found. */
function isManifestMissing({ code, message }: RegistryError): boolean {
  if (code === 'NOT_FOUND') return HARBOR.test(message);
  return MANIFEST_MISSING.has(code) || (RED_HAT.has(code) && message === 'Not Found');
}

/** @param body the body of a 404 response to a GET of a manifest */
export function classifyNotFound(body: Buffer): NotFound {
  const errors = parseRegistryErrors(body);
  if (errors.some(({ code }) => DENIALS.has(code))) return 'denied';
  if (errors.some(({ code }) => code === 'NAME_UNKNOWN')) return 'repository';
  return errors.some(isManifestMissing) ? 'manifest' : 'unproven';
}
