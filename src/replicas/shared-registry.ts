/** Registries for several replicas that together ask what one would. It wraps a client from outside. */
import type { RevisionResult } from '../resolve/ports.ts';
import { parseDigestResult, parseRevision } from './messages.ts';
import type { ShareCall } from './shared-fetch.ts';
import type { ImageReference, Platform } from '../image/image.ts';
import type { DigestResult, NewEnough, RegistryClient } from '../registry/registry-client.ts';

const HOUR = 3_600_000;
/** As long as an image's tag that cannot move is believed. */
const KEEP_FOUND_MS = HOUR;
const KEEP_ABSENT_MS = HOUR / 12;
const KEEP_REVISION_MS = 24 * HOUR;

/** Without `newEnough` nobody else's answer will do. */
export function createSharedRegistryClient(client: RegistryClient, share: ShareCall): RegistryClient {
  return {
    async resolveDigest(reference, platform, newEnough) {
      const { value, askedAt } = await share<DigestResult>({
        topic: topicOf('digest', reference, platform),
        parse: (published) => fitting(parseDigestResult(published), reference, platform),
        accept: (told) => isNewEnough(told.value, told.askedAt, newEnough),
        cheap: true,
        ask: () => client.resolveDigest(reference, platform),
        keepFor: ({ kind }) => (kind === 'found' ? KEEP_FOUND_MS : kind === 'absent' ? KEEP_ABSENT_MS : 0),
      });
      return value.kind === 'failed' ? value : { ...value, asOf: askedAt };
    },
    async resolveRevision(reference, platform) {
      const { value } = await share<RevisionResult>({
        topic: topicOf('revision', reference, platform),
        parse: parseRevision,
        accept: () => true,
        cheap: true,
        ask: () => client.resolveRevision(reference, platform),
        keepFor: ({ kind }) => (kind === 'found' ? KEEP_REVISION_MS : 0),
      });
      return value;
    },
  };
}

/** Content is its digest: of an image that is named by one nobody can tell another. */
function fitting(
  result: DigestResult | undefined,
  { digest }: ImageReference,
  platform: Platform | undefined,
): DigestResult | undefined {
  if (result?.kind !== 'found' || digest === undefined || platform !== undefined) return result;
  return result.digest === digest ? result : undefined;
}

function isNewEnough(result: DigestResult, askedAt: number, newEnough: NewEnough | undefined): boolean {
  if (newEnough === undefined || result.kind === 'failed') return false;
  return askedAt >= newEnough[result.kind];
}

function topicOf(what: string, reference: ImageReference, platform: Platform | undefined): string {
  const { registry, path, tag, digest } = reference;
  const { os, architecture, variant } = platform ?? {};
  return JSON.stringify([what, registry, path, tag, digest, os, architecture, variant]);
}
