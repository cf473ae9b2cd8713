/** Selects entries of an index that may be images (https://github.com/opencontainers/image-spec). Pure. */
import { copyStart } from '../json.ts';
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
import { isMapping } from '../../text/document-path.ts';

/** A manifest or a nested index. */
export interface IndexEntry {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Normalized; undefined if the index does not name it. */
  readonly platform: Platform | undefined;
  /** Whether it requires operating system features beyond its platform. */
  readonly needsFeatures: boolean;
}

export interface ImageIndex {
  /** Excludes attestations (docker/buildx#1509) and declared artifacts. */
  readonly entries: readonly IndexEntry[];
  /** Whether it holds artifacts: then entries with a platform may be artifacts, too. */
  readonly hasArtifacts: boolean;
}

/** Longer than any part of a platform. Parsed values are cached, and an image must not fill the memory. */
const MAX_NAME = 64;

/** @throws InvalidManifest */
export function parseIndex({ document }: Manifest): ImageIndex {
  const { manifests, artifactType } = document;
  if (!Array.isArray(manifests)) throw new InvalidManifest('has an index without a list of manifests');
  const parsed = manifests.map(parseEntry);
  const entries = parsed.flatMap((entry) => (typeof entry === 'string' ? [] : [entry]));
  return { entries, hasArtifacts: artifactType !== undefined || parsed.includes('artifact') };
}

function parseEntry(descriptor: unknown): IndexEntry | 'attestation' | 'artifact' {
  const { digest, mediaType } = parseDescriptor(descriptor, 'an index');
  const { platform, annotations, artifactType } = isMapping(descriptor) ? descriptor : {};
  if (isAttestation(annotations)) return 'attestation';
  if (!isManifestType(mediaType)) return 'artifact';
  // By the specification, registries fall back to the configuration's media type for images without
  // artifactType.
  if (artifactType !== undefined && artifactType !== '' && !isImageConfigType(artifactType))
    return 'artifact';
  const parsed = parseImagePlatform(platform);
  if (parsed?.os === 'unknown' || parsed?.architecture === 'unknown') return 'attestation';
  return { digest, mediaType, platform: parsed, needsFeatures: hasFeatures(platform) };
}

function isAttestation(annotations: unknown): boolean {
  return isMapping(annotations) && annotations['vnd.docker.reference.type'] === 'attestation-manifest';
}

/** `os.features`; containerd ignores `win32k` (platforms.go, `windowsStripFeaturesMatcher`). */
function hasFeatures(platform: unknown): boolean {
  const features = isMapping(platform) ? platform['os.features'] : undefined;
  return Array.isArray(features) && features.some((feature) => feature !== 'win32k');
}

/**
 * @param value an entry's `platform`, or an image's configuration, which has the same keys
 * @returns normalized; undefined if missing or incomplete
 */
export function parseImagePlatform(value: unknown): Platform | undefined {
  if (!isMapping(value)) return undefined;
  const { os, architecture, variant } = value;
  if (typeof os !== 'string' || typeof architecture !== 'string' || os === '' || architecture === '') {
    return undefined;
  }
  return normalizePlatform({
    os: copyStart(os, MAX_NAME),
    architecture: copyStart(architecture, MAX_NAME),
    ...(typeof variant === 'string' && { variant: copyStart(variant, MAX_NAME) }),
  });
}

/** An entry that may be, or contain, the requested image. */
export interface Candidate extends IndexEntry {
  /** How well its platform matches at best; 0 is an exact match. */
  readonly rank: number;
}

/**
 * @param platform normalized; undefined for any
 * @returns the most certain first: images with a matching platform, best match first; nested indexes with
 *   one; images without a platform; indexes without a platform
 */
export function selectCandidates(
  entries: readonly IndexEntry[],
  platform: Platform | undefined,
): Candidate[] {
  const matching = entries.flatMap((entry) => {
    if (entry.platform === undefined || platform === undefined) return [{ ...entry, rank: 0 }];
    const rank = rankPlatform(platform, entry.platform);
    return rank === undefined || entry.needsFeatures ? [] : [{ ...entry, rank }];
  });
  const order = (entry: Candidate): number =>
    (entry.platform === undefined ? 2 : 0) + (isIndexType(entry.mediaType) ? 1 : 0);
  return matching.toSorted((a, b) => order(a) - order(b) || a.rank - b.rank);
}
