/** The port to the registries, for what wraps them. */
import type { UpstreamFailure } from '../errors.ts';
import type { Digest, ImageReference, Platform } from '../image/image.ts';
import type { RevisionResult } from '../resolve/ports.ts';

/** What a registry says of one reference. Three-way on purpose: a fault is never "absent". */
export type DigestResult =
  | {
      readonly kind: 'found';
      readonly digest: Digest;
      readonly mediaType: string;
      /** When the registry was asked, milliseconds since the epoch, if that was not now: another replica asked. */
      readonly asOf?: number;
    }
  | {
      readonly kind: 'absent';
      readonly asOf?: number;
      /** `manifest`: the tag (or platform) is not there; `repository`: the whole image repository is not, often a typo. */
      readonly missing: 'manifest' | 'repository';
      readonly reason: string;
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** From when on, in milliseconds since the epoch, an answer is new enough that another replica was given. */
export interface NewEnough {
  readonly found: number;
  readonly absent: number;
}

/** The registries. Never throws. */
export interface RegistryClient {
  resolveDigest(reference: ImageReference, platform?: Platform, newEnough?: NewEnough): Promise<DigestResult>;
  /** Reads the image's configuration; `reference` must bear a digest. */
  resolveRevision(reference: ImageReference, platform?: Platform): Promise<RevisionResult>;
}
