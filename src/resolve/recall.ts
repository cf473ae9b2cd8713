/**
 * What was handed out last, as far as it was made for what is asked now (design §2): an answer for another repository or connection is
 * none, and of a set whose images changed only those count whose rule is still the same.
 */
import type { ImageSource, LastGoodStore } from './ports.ts';
import { ruleKey } from './rule-key.ts';
import type { BranchRequest, ImageRule, LastGood, PinnedImage } from './types.ts';

export type Remembered =
  /** Nothing was handed out, or only what was made for something else. */
  | { readonly kind: 'nothing' }
  /** Nobody can tell now whether anything was. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'whole'; readonly lastGood: LastGood }
  /** Images were added to the project, or their rules changed: what is left of the set, and the rules that it has nothing for. */
  | { readonly kind: 'partial'; readonly lastGood: LastGood; readonly missing: readonly ImageRule[] };

/** A branch that comes back under a new pull request starts clean (design §2). */
export function lastGoodKey(request: BranchRequest): string {
  return JSON.stringify([request.project.name, request.branch, request.number ?? '']);
}

export async function recall(
  request: BranchRequest,
  store: Pick<LastGoodStore, 'get'>,
  images: Pick<ImageSource, 'repositoryOf'>,
): Promise<Remembered> {
  const stored = await store.get(lastGoodKey(request));
  if (stored === 'unreadable') return { kind: 'unreadable' };
  return stored === undefined ? { kind: 'nothing' } : evaluateStored(stored, request, images);
}

/** What is in the store may be from before a change of the configuration, or somebody else's. */
export function evaluateStored(
  stored: LastGood,
  { project }: BranchRequest,
  images: Pick<ImageSource, 'repositoryOf'>,
): Remembered {
  const { build } = stored.set;
  const isOfProject =
    build.ci === project.ci && build.gitRepository.toLowerCase() === project.gitRepository.toLowerCase();
  if (!isOfProject) return { kind: 'nothing' };
  const held: Record<string, PinnedImage> = {};
  const missing: ImageRule[] = [];
  for (const rule of project.images) {
    const image = stored.set.images[rule.name];
    if (image !== undefined && wasMadeFor(rule, image, images)) held[rule.name] = image;
    else missing.push(rule);
  }
  const lastGood = { ...stored, set: { build, images: held } };
  return missing.length === 0 ? { kind: 'whole', lastGood } : { kind: 'partial', lastGood, missing };
}

/** Whoever can write to the store must not be able to name another repository than the configuration does. */
function wasMadeFor(rule: ImageRule, image: PinnedImage, images: Pick<ImageSource, 'repositoryOf'>): boolean {
  if (image.rule !== ruleKey(rule)) return false;
  const { repository } = rule.template;
  const expected = images.repositoryOf(`${repository.replaceAll(/\{[^{}]*\}/g, 'x')}:latest`);
  // Of a path that holds variables only the registry is known here.
  return repository.includes('{')
    ? expected !== undefined && registryOf(expected) === registryOf(image.repository)
    : expected === image.repository;
}

function registryOf(repository: string): string {
  return repository.slice(0, repository.indexOf('/'));
}
