/** Fetches the images of a branch's newest green build before the branch is requested. */
import type { ImageSource, RunSource, RunStanding } from './ports.ts';
import { resolveImages } from './resolve-images.ts';
import { selectBuilds } from './select-build.ts';
import type { BranchRequest } from './types.ts';

/**
 * Decides nothing and makes no call to CI: the results wait in the image source's cache. Never throws.
 */
export async function prefetchImages(
  request: BranchRequest,
  runs: RunSource,
  standing: (runId: string) => RunStanding,
  images: ImageSource,
): Promise<void> {
  const newest = selectBuilds(runs.peekRuns(request), request, { kind: 'own' }).find(
    ({ verdict }) => verdict === 'green',
  );
  if (newest === undefined) return;
  // The request itself has CI confirm what must be.
  const known = { ...runs, confirm: () => Promise.resolve({ kind: 'confirmed' } as const) };
  await resolveImages(newest, request, {
    images,
    runs: known,
    standing,
    listedAt: 0,
    pinBefore: neverPinned,
  });
}

function neverPinned(): undefined {
  return undefined;
}
