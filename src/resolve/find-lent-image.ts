/** Finds an image in the builds that may lend it to a newer one (`onMissing`). */
import { createGateReader } from './admit-builds.ts';
import { selectImagePart, type EvaluatedBuild } from './evaluate-build.ts';
import type { ImageContext } from './image-ownership.ts';
import { resolveImage, type ImageFinding } from './resolve-images.ts';
import type { SelectedGreens } from './select-green-builds.ts';
import { compareBuilds } from './select-builds.ts';
import type { BranchRequest, ImageRule } from './types.ts';

export interface LentImage {
  /** Pinned, or what keeps it from being found; undefined: no build has it. */
  readonly finding: ImageFinding | undefined;
  /** False if a build that was not read yet could have it. */
  readonly isFinal: boolean;
}

/**
 * Tries the newest build first, and reads its gate if that was not done. Builds that did not run the image's
 * own workflow cannot have it and cost no call, so they do not count towards `lookback`. Never throws.
 * @param searched the number of newer builds that count towards `lookback` already
 * @param request for the branch of the builds
 */
export async function findLentImage(
  rule: ImageRule,
  { greens, partial, isAll }: SelectedGreens,
  searched: number,
  request: BranchRequest,
  context: ImageContext,
): Promise<LentImage> {
  const { lookback } = request.project;
  const readGate = context.gate && createGateReader(context.gate, lookback);
  let tried = searched;
  for (const evaluated of [...greens, ...partial].toSorted(compareNewestFirst)) {
    if (tried >= lookback) return { finding: undefined, isFinal: true };
    if (selectImagePart(rule, evaluated) === undefined) continue;
    const reading = evaluated.statuses === undefined ? await readGate?.(evaluated.build.commit) : undefined;
    if (reading?.kind === 'failed') {
      return { finding: { ...reading, reference: rule.template.text }, isFinal: true };
    }
    if (reading !== undefined && reading.status !== 'green') continue;
    const finding = await resolveImage(rule, evaluated, request, context);
    if (finding.kind === 'pinned') return { finding: { ...finding, from: evaluated.build }, isFinal: true };
    if (finding.kind !== 'absent') return { finding, isFinal: true };
    if (!evaluated.isPartial || rule.workflow !== undefined) tried += 1;
  }
  return { finding: undefined, isFinal: isAll || tried >= lookback };
}

function compareNewestFirst(a: EvaluatedBuild, b: EvaluatedBuild): number {
  return compareBuilds(b.build, a.build);
}
