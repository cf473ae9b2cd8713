/** What an index lists, sorted into what may be an image and what is none (https://github.com/opencontainers/image-spec). Pure. */
import { copyStart, isJsonObject } from '../json.ts';
import {
  InvalidManifest,
  isImageConfigType,
  isIndexType,
  isManifestType,
  parseDescriptor,
} from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { rankPlatform } from './match-platform.ts';
import type { Digest, Platform } from '../../image/image.ts';
import { normalizePlatform } from '../../image/platform.ts';

/** One manifest, or an index inside the index. */
export interface IndexEntry {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Undefined where the index does not say it. */
  readonly platform: Platform | undefined;
  /** It wants more of the operating system than a platform's name says. */
  readonly isSpecial: boolean;
}

export interface ImageIndex {
  /** Without attestations (docker/buildx#1509) and what says of itself that it is no image. */
  readonly entries: readonly IndexEntry[];
  /** It holds artifacts, so that what names a platform in it may be one, too. */
  readonly mixed: boolean;
}

/** No part of a platform is as long (reference.ts takes 32 characters); what is read is kept, and an image must not fill the memory. */
const LONGEST_NAME = 64;

/** @throws InvalidManifest */
export function parseIndex({ document }: Manifest): ImageIndex {
  const { manifests, artifactType } = document;
  if (!Array.isArray(manifests)) throw new InvalidManifest('has an index without a list of manifests');
  const parsed = manifests.map(parseEntry);
  const entries = parsed.flatMap((entry) => (typeof entry === 'string' ? [] : [entry]));
  return { entries, mixed: artifactType !== undefined || parsed.includes('artifact') };
}

function parseEntry(descriptor: unknown): IndexEntry | 'attestation' | 'artifact' {
  const { digest, mediaType } = parseDescriptor(descriptor, 'index');
  const { platform, annotations, artifactType } = isJsonObject(descriptor) ? descriptor : {};
  if (isAttestation(annotations)) return 'attestation';
  if (!isManifestType(mediaType)) return 'artifact';
  // The specification has registries fill in the configuration's type where an image has no other.
  if (artifactType !== undefined && artifactType !== '' && !isImageConfigType(artifactType))
    return 'artifact';
  const parsed = parsePlatformOf(platform);
  if (parsed?.os === 'unknown' || parsed?.architecture === 'unknown') return 'attestation';
  return { digest, mediaType, platform: parsed, isSpecial: hasFeatures(platform) };
}

function isAttestation(annotations: unknown): boolean {
  return isJsonObject(annotations) && annotations['vnd.docker.reference.type'] === 'attestation-manifest';
}

/** `os.features`; `win32k` has never been looked at (platforms.go, `windowsStripFeaturesMatcher`). */
function hasFeatures(platform: unknown): boolean {
  const features = isJsonObject(platform) ? platform['os.features'] : undefined;
  return Array.isArray(features) && features.some((feature) => feature !== 'win32k');
}

/**
 * @param value an entry's `platform`, or an image's configuration, which has the same keys
 * @returns normalized; undefined when there is none, or only a part of one
 */
export function parsePlatformOf(value: unknown): Platform | undefined {
  if (!isJsonObject(value)) return undefined;
  const { os, architecture, variant } = value;
  if (typeof os !== 'string' || typeof architecture !== 'string' || os === '' || architecture === '') {
    return undefined;
  }
  return normalizePlatform({
    os: copyStart(os, LONGEST_NAME),
    architecture: copyStart(architecture, LONGEST_NAME),
    ...(typeof variant === 'string' && { variant: copyStart(variant, LONGEST_NAME) }),
  });
}

/** An entry that may be, or hold, what is asked for. */
export interface Candidate extends IndexEntry {
  /** How well its platform fits at best; 0: that very one. */
  readonly rank: number;
}

/**
 * @param platform normalized; undefined: any
 * @returns the surest first: images of a platform that fits, the best before the others, then nested indexes of such a platform,
 *   then what names no platform, images before indexes
 */
export function selectCandidates(
  entries: readonly IndexEntry[],
  platform: Platform | undefined,
): Candidate[] {
  const fitting = entries.flatMap((entry) => {
    if (entry.platform === undefined || platform === undefined) return [{ ...entry, rank: 0 }];
    const rank = rankPlatform(platform, entry.platform);
    return rank === undefined || entry.isSpecial ? [] : [{ ...entry, rank }];
  });
  const order = (entry: Candidate): number =>
    (entry.platform === undefined ? 2 : 0) + (isIndexType(entry.mediaType) ? 1 : 0);
  return fitting.toSorted((one, other) => order(one) - order(other) || one.rank - other.rank);
}
