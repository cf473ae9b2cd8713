/**
 * Recalls what was handed out last, if it still fits the configuration: a set for another repository or
 * connection does not count, and in a set whose images changed, only images with an unchanged rule do.
 */
import type { ImageSource, LastGoodStore } from './ports.ts';
import { listingOf } from './evaluate-build.ts';
import { isSameListing } from './select-builds.ts';
import type { BranchRequest, ImageRule, LastGood, PinnedImage } from './types.ts';

export type Remembered =
  /** Nothing was handed out for the current repository and connection. */
  | { readonly kind: 'nothing' }
  /** The store cannot say at the moment. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'whole'; readonly lastGood: LastGood }
  /** The rest of a set after images were added or changed, and the rules that it has no image for. */
  | { readonly kind: 'partial'; readonly lastGood: LastGood; readonly missing: readonly ImageRule[] };

/** A branch that comes back under a new pull request starts clean. */
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

/** The stored set may predate a change of the configuration, or come from someone else. */
export function evaluateStored(
  stored: LastGood,
  { project }: BranchRequest,
  images: Pick<ImageSource, 'repositoryOf'>,
): Remembered {
  const { build } = stored.set;
  const { gitRepository } = project;
  if (!isSameListing(build, { ci: listingOf(project), gitRepository })) return { kind: 'nothing' };
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

/** @returns a text that changes with the template (registry and path included) and the platform */
export function ruleKey({ template, platform }: Pick<ImageRule, 'template' | 'platform'>): string {
  const { os, architecture, variant } = platform ?? {};
  return JSON.stringify([template.text, os, architecture, variant].filter((part) => part !== undefined));
}

/** Write access to the store must not allow naming a repository that the configuration does not name. */
function wasMadeFor(rule: ImageRule, image: PinnedImage, images: Pick<ImageSource, 'repositoryOf'>): boolean {
  if (image.rule !== ruleKey(rule)) return false;
  const { repository } = rule.template;
  const expected = images.repositoryOf(`${repository.replaceAll(/\{[^{}]*\}/g, 'x')}:latest`);
  // The template's path has placeholders, so only the registry can be compared.
  return repository.includes('{')
    ? expected !== undefined && registryOf(expected) === registryOf(image.repository)
    : expected === image.repository;
}

function registryOf(repository: string): string {
  return repository.slice(0, repository.indexOf('/'));
}
