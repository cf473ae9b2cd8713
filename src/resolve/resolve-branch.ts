/**
 * Resolves one branch: recall what was handed out last, find the newest green build with all its images, and
 * decide whether that set may follow the last one.
 */
import { decideAgainstLastGood } from './decide-against-last-good.ts';
import { markPossiblyOutdated, type UnknownOutcome } from './decide.ts';
import type { Decision } from './decision.ts';
import { findNewestSet } from './find-newest-set.ts';
import { createPins } from './pins.ts';
import type { ResolvePorts } from './ports.ts';
import { recall } from './recall.ts';
import type { ExaminedBuild } from './search-builds.ts';
import type { EvaluatedBuild } from './evaluate-build.ts';
import type { SelectedBuilds } from './select-builds.ts';
import type { BranchRequest } from './types.ts';

/** A decision together with its reasons. */
export interface Resolution extends SelectedBuilds {
  readonly decision: Decision;
  /** The branch's commits that have runs that count, newest first. */
  readonly builds: readonly EvaluatedBuild[];
  /** The green builds whose images were looked up, newest first. */
  readonly examined: readonly ExaminedBuild[];
  /** All branches with runs, to suggest the intended name for an unknown branch. */
  readonly knownBranches: readonly string[];
}

/**
 * Upstream failures are not thrown: they lead to a decision like any other. Callers must not resolve one key
 * (`lastGoodKey`) twice at the same time.
 */
export async function resolveBranch(request: BranchRequest, ports: ResolvePorts): Promise<Resolution> {
  const remembered = await recall(request, ports.lastGood, ports.images);
  const pins = createPins(remembered, request, ports.pins);
  const search = await findNewestSet(request, ports, pins);
  const decision = await decideAgainstLastGood(search, remembered, pins, request, ports);
  const { unresolved, builds, examined, ignored, workflows } = search;
  const unknown = unresolved === undefined ? [] : [unresolved];
  return {
    decision: markPossiblyOutdated(decision, [...unknown, ...listUnknownOfTarget(examined)]),
    builds,
    examined,
    ignored,
    workflows,
    knownBranches: ports.runs.branchNames(),
  };
}

function listUnknownOfTarget(examined: readonly ExaminedBuild[]): UnknownOutcome[] {
  return examined
    .flatMap(({ findings }) => [...findings.values()])
    .flatMap((finding) =>
      finding.kind === 'pinned' && finding.unresolved !== undefined
        ? [{ ...finding.unresolved, target: finding.image.target }]
        : [],
    );
}
