/** From an index to one platform's manifest. */
import type { Platform } from '../resolve/types.ts';
import { absent, fetchManifest, type Absent, type FoundManifest, type Target } from './fetch-manifest.ts';
import { InvalidManifest, isIndexType, parseIndex, selectPlatform, type Manifest } from './manifest.ts';
import { formatPlatform } from './reference.ts';

export type FoundImage = Omit<FoundManifest, 'manifest'> & {
  /** Left out where the index has told all. */
  readonly manifest?: Manifest;
  /** Those on the way to it, the outermost first. */
  readonly indexes: readonly Manifest[];
};

const MAX_DEPTH = 3;
/** Nested indexes that are looked into on each level: an index must not be able to cost any number of requests. */
const MAX_NESTED = 4;

/**
 * @param selector a tag or a digest
 * @param platform normalized; undefined: the first real image
 * @throws UpstreamError, InvalidManifest
 */
export async function resolvePlatform(
  target: Target,
  selector: string,
  platform: Platform | undefined,
  depth = 0,
): Promise<FoundImage | Absent> {
  const answer = await fetchManifest(target, selector);
  if (answer.kind === 'absent') return answer;
  // Not an index: the image was built for one platform, and that is what its author has to offer. It is taken as it is, as by crane.
  if (!isIndexType(answer.mediaType) && depth === 0) return { ...answer, indexes: [] };
  if (!isIndexType(answer.mediaType))
    throw new InvalidManifest('has an index that says another type than its entry');
  if (depth === MAX_DEPTH) throw new InvalidManifest('nests its indexes too deeply');
  const entries = selectPlatform(parseIndex(answer.manifest), platform);
  for (const { digest, mediaType } of entries.slice(0, MAX_NESTED)) {
    if (!isIndexType(mediaType)) return { kind: 'found', digest, mediaType, indexes: [answer.manifest] };
    const nested = await resolvePlatform(target, digest, platform, depth + 1);
    if (nested.kind === 'found') return { ...nested, indexes: [answer.manifest, ...nested.indexes] };
  }
  if (entries.length > MAX_NESTED) throw new InvalidManifest(`nests more than ${MAX_NESTED} indexes in one`);
  return absent(
    target,
    platform === undefined ? 'holds no image' : `holds no image for ${formatPlatform(platform)}`,
  );
}
