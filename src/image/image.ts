/** The values that name an image and its platform. Their parsers have validated them. Pure. */

/** `sha256:` + 64 or `sha512:` + 128 lower-case hex digits (OCI image spec, descriptor.md#digests). */
export type Digest = string & { readonly __brand: 'Digest' };

const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** @returns undefined if the text is not a digest */
export function parseDigest(text: string): Digest | undefined {
  return DIGEST.test(text) ? (text as Digest) : undefined;
}

/** An OCI platform: `linux/amd64`, `linux/arm/v7`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** A parsed image reference, with Docker Hub's aliases folded: `nginx` is docker.io, library/nginx. */
export interface ImageReference {
  /** The registry's host, and its port if the reference has one: `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly registry: string;
  /** The path of the repository in the registry: `library/nginx`, `acme/shop-front`. */
  readonly path: string;
  readonly tag?: string;
  /** Takes precedence over the tag if both are present (distribution/reference). */
  readonly digest?: Digest;
}
