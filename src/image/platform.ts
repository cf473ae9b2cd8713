/** Platforms as the OCI image specification and containerd name them. Pure. */
import type { Platform } from './image.ts';
import { quote } from '../text/quote.ts';
import { InvalidReference } from './reference.ts';

const PLATFORM = /^[a-z0-9_.-]{1,32}\/[a-z0-9_.-]{1,32}(?:\/[a-z0-9_.-]{1,32})?$/;

/**
 * @param text `OS/ARCHITECTURE` or `OS/ARCHITECTURE/VARIANT`, for example `linux/arm64`
 * @throws InvalidReference
 */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant] = text.toLowerCase().split('/', 4);
  if (os === undefined || architecture === undefined || !PLATFORM.test(text.toLowerCase())) {
    throw new InvalidReference(
      `${quote(text)} is not a platform; expected OS/ARCHITECTURE, such as linux/arm64`,
    );
  }
  return normalizePlatform({ os, architecture, ...(variant !== undefined && { variant }) });
}

/** Aliases of architectures. Some imply a variant. */
const ARCHITECTURES: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['i386', ['386', '']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);

/** By architecture: the aliases of its variants. The most common variant has no name, except for arm. */
const VARIANTS: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  amd64: new Map([['v1', '']]),
  arm64: new Map([
    ...['8', 'v8', 'v8.0'].map((name) => [name, ''] as const),
    ...['9', '9.0', 'v9.0'].map((name) => [name, 'v9'] as const),
  ]),
  arm: new Map([['', 'v7'], ...['5', '6', '7', '8'].map((name) => [name, `v${name}`] as const)]),
};

/**
 * Brings a platform into its canonical form: `arm64/v8` becomes `arm64`, `amd64/v1` becomes `amd64`, and
 * `arm` becomes `arm/v7` (https://github.com/containerd/platforms/blob/main/database.go).
 */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const given = platform.architecture.toLowerCase();
  const [architecture, ownVariant] = ARCHITECTURES.get(given) ?? [given];
  const named = ownVariant ?? platform.variant?.toLowerCase() ?? '';
  const names = Object.hasOwn(VARIANTS, architecture) ? VARIANTS[architecture] : undefined;
  const variant = names?.get(named) ?? named;
  return {
    os: os === 'macos' ? 'darwin' : os,
    architecture,
    ...(variant !== '' && { variant }),
  };
}

/** @returns `linux/arm/v7` */
export function formatPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant]
    .filter((part) => part !== undefined)
    .join('/');
}
