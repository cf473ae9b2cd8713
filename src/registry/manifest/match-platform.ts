/**
 * Which platforms run on which, and how well: the rules by which a node's containerd picks from an index
 * (https://github.com/containerd/platforms/blob/main/compare.go, `Only`). Pure.
 */
import type { Platform } from '../../image/image.ts';

/** Highest minor versions of arm64 that each major one of a variant runs: v9.2 has all of v8.7. */
const LAST_MINOR = 9;
const NEWEST_V9 = 7;
/** What of v8 came with v9.0. */
const V8_IN_V9 = 5;
const OLDEST_ARM = 5;

/**
 * @param asked normalized
 * @param offered normalized
 * @returns 0 for that very platform, more for one that runs there as well, the better the less; undefined: it does not
 */
export function rankPlatform(asked: Platform, offered: Platform): number | undefined {
  if (asked.os !== offered.os) return undefined;
  const rank = nameRunnable(asked).indexOf(nameOf(offered));
  return rank === -1 ? undefined : rank;
}

/** @returns what runs on the architecture and variant, the best first */
function nameRunnable({ architecture, variant = '' }: Platform): string[] {
  switch (architecture) {
    case 'amd64':
      return [...nameOlder('amd64', variant, 1), '386'];
    case 'arm':
      return nameOlder('arm', variant, OLDEST_ARM);
    case 'arm64': {
      const own = nameArm64(variant);
      // Whatever is 64-bit runs what is 32-bit, too.
      return own === undefined
        ? [nameOf({ architecture, variant })]
        : [...own, ...nameOlder('arm', 'v8', OLDEST_ARM)];
    }
    default:
      return [nameOf({ architecture, variant })];
  }
}

/** @returns the variant and those before it, down to `vOLDEST` */
function nameOlder(architecture: string, variant: string, oldest: number): string[] {
  const version = Number(/^v(\d)$/.exec(variant)?.[1] ?? Number.NaN);
  const older = Array.from({ length: Math.max(version - oldest, 0) || 0 }, (_, i) => version - 1 - i);
  return [variant, ...older.map((each) => `v${each}`)].map((each) =>
    nameOf({ architecture, variant: architecture === 'amd64' && each === 'v1' ? '' : each }),
  );
}

/** @returns undefined for a variant that is not known */
function nameArm64(variant: string): string[] | undefined {
  const [, major, minor = '0'] = /^v([89])(?:\.(\d))?$/.exec(variant === '' ? 'v8' : variant) ?? [];
  if (major === '8') return nameMinors(8, Number(minor));
  if (major !== '9' || Number(minor) > NEWEST_V9) return undefined;
  return [...nameMinors(9, Number(minor)), ...nameMinors(8, Math.min(Number(minor) + V8_IN_V9, LAST_MINOR))];
}

function nameMinors(major: number, newest: number): string[] {
  return Array.from({ length: newest + 1 }, (_, i) => newest - i).map((minor) => {
    const whole = major === 8 ? '' : `v${major}`;
    return nameOf({ architecture: 'arm64', variant: minor === 0 ? whole : `v${major}.${minor}` });
  });
}

function nameOf({ architecture, variant = '' }: Omit<Platform, 'os'>): string {
  return variant === '' ? architecture : `${architecture}/${variant}`;
}
