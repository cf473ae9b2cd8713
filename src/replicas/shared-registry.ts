/** Shares a registry's responses between replicas, so that together they send the requests of one. */
import type { RevisionResult } from '../resolve/ports.ts';
import { parseDigestResult, parseRevision } from './messages.ts';
import type { SharedFetch } from './shared-fetch.ts';
import type { ImageReference, Platform } from '../image/image.ts';
import type { DigestResult, NewEnough, RegistryClient } from '../registry/registry-client.ts';

const HOUR = 3_600_000;
/** As long as the digest of an immutable tag is trusted. */
const FOUND_TTL_MS = HOUR;
const ABSENT_TTL_MS = HOUR / 12;
const REVISION_TTL_MS = 24 * HOUR;

/** Without `newEnough`, no other replica's response is accepted. */
export function createSharedRegistryClient(client: RegistryClient, share: SharedFetch): RegistryClient {
  return {
    async resolveDigest(reference, platform, newEnough) {
      const { value, observedAt } = await share<DigestResult>({
        topic: topicOf('digest', reference, platform),
        parse: (record) => matching(parseDigestResult(record), reference, platform),
        accept: (observed) => isNewEnough(observed.value, observed.observedAt, newEnough),
        skipIfSlow: true,
        fetch: () => client.resolveDigest(reference, platform),
        ttlMs: ({ kind }) => (kind === 'found' ? FOUND_TTL_MS : kind === 'absent' ? ABSENT_TTL_MS : 0),
      });
      return value.kind === 'failed' ? value : { ...value, asOf: observedAt };
    },
    async resolveRevision(reference, platform) {
      const { value } = await share<RevisionResult>({
        topic: topicOf('revision', reference, platform),
        parse: parseRevision,
        accept: () => true,
        skipIfSlow: true,
        fetch: () => client.resolveRevision(reference, platform),
        ttlMs: ({ kind }) => (kind === 'found' ? REVISION_TTL_MS : 0),
      });
      return value;
    },
  };
}

/** Rejects a record with another digest than the one in the reference. */
function matching(
  result: DigestResult | undefined,
  { digest }: ImageReference,
  platform: Platform | undefined,
): DigestResult | undefined {
  if (result?.kind !== 'found' || digest === undefined || platform !== undefined) return result;
  return result.digest === digest ? result : undefined;
}

function isNewEnough(result: DigestResult, observedAt: number, newEnough: NewEnough | undefined): boolean {
  if (newEnough === undefined || result.kind === 'failed') return false;
  return observedAt >= newEnough[result.kind];
}

function topicOf(kind: string, reference: ImageReference, platform: Platform | undefined): string {
  const { registry, path, tag, digest } = reference;
  const { os, architecture, variant } = platform ?? {};
  return JSON.stringify([kind, registry, path, tag, digest, os, architecture, variant]);
}
