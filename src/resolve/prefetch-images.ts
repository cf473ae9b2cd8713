/** Resolves the images of a branch's newest green build before the branch is requested. */
import type { ImageSource, RunSource, RunStanding, StatusGate } from './ports.ts';
import { resolveImages } from './resolve-images.ts';
import { selectBuilds } from './select-builds.ts';
import type { BranchRequest } from './types.ts';

/**
 * Decides nothing and does not call CI: the image source keeps the digests, and the next request finds them
 * there. Reads the build's gate first, which the next request would do, and no image unless it is open. Never
 * throws.
 */
export async function prefetchImages(
  request: BranchRequest,
  runs: RunSource,
  standing: (runId: string) => RunStanding,
  images: ImageSource,
  gate?: StatusGate,
): Promise<void> {
  const { builds } = selectBuilds(runs.peekRuns(request), request, { kind: 'own' });
  const newest = builds.find(({ status }) => status === 'green');
  if (newest === undefined) return;
  const reading = await gate?.read(newest.build.commit);
  if (reading !== undefined && (reading.kind === 'failed' || reading.status !== 'green')) return;
  // The next request has CI confirm what is needed.
  const known = { ...runs, confirm: () => Promise.resolve({ kind: 'confirmed' } as const) };
  await resolveImages(newest, request, {
    images,
    runs: known,
    gate,
    standing,
    listedAt: 0,
    pinBefore: () => undefined,
  });
}
