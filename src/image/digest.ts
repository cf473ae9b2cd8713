/** Digests: OCI image spec, descriptor.md#digests. */
import type { Digest } from './image.ts';

const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** @returns undefined for anything but `sha256:` + 64 or `sha512:` + 128 lower-case hex digits */
export function parseDigest(text: string): Digest | undefined {
  return DIGEST.test(text) ? (text as Digest) : undefined;
}
