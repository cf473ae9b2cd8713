/** Asks for the images of a branch's newest green build before anybody asks for the branch (design §5). */
import type { ImageSource } from './ports.ts';
import { resolveImages } from './resolve-images.ts';
import { selectBuilds } from './select-build.ts';
import type { BranchRequest, Run } from './types.ts';

/**
 * Nothing is decided and CI is not asked: what the registry says is only found again, in the image source's memory, by the question
 * that comes. Never throws.
 * @param runs of the branch, as far as they are known
 */
export async function warmBranch(
  request: BranchRequest,
  runs: readonly Run[],
  images: ImageSource,
): Promise<void> {
  const newest = selectBuilds(runs, request.project, { kind: 'own' }).find(
    ({ verdict }) => verdict === 'green',
  );
  if (newest !== undefined) await resolveImages(newest.build, request, images);
}
