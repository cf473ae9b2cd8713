/** The port to the registries. Types only. */
import type { UpstreamFailure } from '../errors.ts';
import type { Digest, ImageReference, Platform } from '../image/image.ts';
import type { RevisionResult } from '../resolve/ports.ts';

/** The result for one reference. A failure is never reported as "absent". */
export type DigestResult =
  | {
      readonly kind: 'found';
      readonly digest: Digest;
      readonly mediaType: string;
      /** When another replica queried the registry, milliseconds since the epoch; undefined: now. */
      readonly asOf?: number;
    }
  | {
      readonly kind: 'absent';
      readonly asOf?: number;
      /**
       * `manifest`: the tag or platform; `repository`: the whole image repository, often because of a typo.
       */
      readonly missing: 'manifest' | 'repository';
      readonly reason: string;
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** The oldest acceptable `asOf` of a result from another replica, in milliseconds since the epoch. */
export interface NewEnough {
  readonly found: number;
  readonly absent: number;
}

/** The registries. Never throws. */
export interface RegistryClient {
  resolveDigest(reference: ImageReference, platform?: Platform, newEnough?: NewEnough): Promise<DigestResult>;
  /** Reads the revision in the image's configuration. `reference` must have a digest. */
  resolveRevision(reference: ImageReference, platform?: Platform): Promise<RevisionResult>;
}
