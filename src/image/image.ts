/** An image's name and what it may run on: values, already checked. */

/** `sha256:` + 64 or `sha512:` + 128 lower-case hex digits (OCI image spec, descriptor.md#digests). */
export type Digest = string & { readonly __brand: 'Digest' };

/** An OCI platform: `linux/amd64`, `linux/arm/v7`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** A parsed image reference; Docker Hub's aliases are already folded (`nginx` is docker.io, library/nginx). */
export interface ImageReference {
  /** The registry's host, with its port if one was given: `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly registry: string;
  /** The repository's path below the registry: `library/nginx`, `acme/shop-front`. */
  readonly path: string;
  readonly tag?: string;
  /** Wins over the tag when both are given (distribution/reference). */
  readonly digest?: Digest;
}
