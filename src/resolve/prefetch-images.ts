/** Asks for the images of a branch's newest green build before anybody asks for the branch (design §5). */
import type { ImageSource, RunSource, RunStanding } from './ports.ts';
import { resolveImages } from './resolve-images.ts';
import { selectBuilds } from './select-builds.ts';
import type { BranchRequest } from './types.ts';

/**
 * Nothing is decided and CI is not asked: what the registry says is only found again, in the image source's memory, by the question
 * that comes. Never throws.
 */
export async function prefetchImages(
  request: BranchRequest,
  runs: RunSource,
  standing: (runId: string) => RunStanding,
  images: ImageSource,
): Promise<void> {
  const { builds } = selectBuilds(runs.peekRuns(request.branch), request.project, { kind: 'own' });
  const newest = builds.find(({ status }) => status === 'green');
  if (newest === undefined) return;
  // Whoever asks then has CI confirm what must be.
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
