/**
 * Matches platforms by the rules that containerd applies on a node to pick from an index
 * (https://github.com/containerd/platforms/blob/main/compare.go, `Only`). Pure.
 */
import type { Platform } from '../../image/image.ts';

/** Armv9.N includes Armv8.(N+5), so v9.2 runs v8.7. */
const V8_IN_V9 = 5;
const MAX_V8_MINOR = 9;
const MAX_V9_MINOR = 7;
const OLDEST_ARM = 5;

/**
 * @param asked normalized
 * @param offered normalized
 * @returns 0 for an exact match, more for other platforms that run there, fewer being better; undefined if it
 *   does not run there
 */
export function rankPlatform(asked: Platform, offered: Platform): number | undefined {
  if (asked.os !== offered.os) return undefined;
  const rank = listRunnable(asked).indexOf(formatVariant(offered));
  return rank === -1 ? undefined : rank;
}

/** @returns everything that runs on the architecture and variant, best first */
function listRunnable({ architecture, variant = '' }: Platform): string[] {
  switch (architecture) {
    case 'amd64':
      return [...listOlder('amd64', variant, 1), '386'];
    case 'arm':
      return listOlder('arm', variant, OLDEST_ARM);
    case 'arm64': {
      const own = listArm64(variant);
      // Every 64-bit variant also runs 32-bit images.
      return own === undefined
        ? [formatVariant({ architecture, variant })]
        : [...own, ...listOlder('arm', 'v8', OLDEST_ARM)];
    }
    default:
      return [formatVariant({ architecture, variant })];
  }
}

/** @returns the variant and older ones, down to `v` + `oldest` */
function listOlder(architecture: string, variant: string, oldest: number): string[] {
  const version = Number(/^v(\d)$/.exec(variant)?.[1] ?? Number.NaN);
  const older = Array.from({ length: Math.max(version - oldest, 0) || 0 }, (_, i) => version - 1 - i);
  return [variant, ...older.map((each) => `v${each}`)].map((each) =>
    formatVariant({ architecture, variant: architecture === 'amd64' && each === 'v1' ? '' : each }),
  );
}

/** @returns undefined for an unknown variant */
function listArm64(variant: string): string[] | undefined {
  const [, major, minor = '0'] = /^v([89])(?:\.(\d))?$/.exec(variant === '' ? 'v8' : variant) ?? [];
  if (major === '8') return listMinors(8, Number(minor));
  if (major !== '9' || Number(minor) > MAX_V9_MINOR) return undefined;
  return [
    ...listMinors(9, Number(minor)),
    ...listMinors(8, Math.min(Number(minor) + V8_IN_V9, MAX_V8_MINOR)),
  ];
}

function listMinors(major: number, newest: number): string[] {
  return Array.from({ length: newest + 1 }, (_, i) => newest - i).map((minor) => {
    const whole = major === 8 ? '' : `v${major}`;
    return formatVariant({ architecture: 'arm64', variant: minor === 0 ? whole : `v${major}.${minor}` });
  });
}

function formatVariant({ architecture, variant = '' }: Omit<Platform, 'os'>): string {
  return variant === '' ? architecture : `${architecture}/${variant}`;
}
