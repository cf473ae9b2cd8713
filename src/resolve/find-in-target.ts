/** Finds an image in the newest green build of the target branch that has it (`onMissing: target`). */
import type { Pins } from './pins.ts';
import type { SearchPorts } from './ports.ts';
import { findLentImage } from './find-lent-image.ts';
import type { ImageFinding } from './resolve-images.ts';
import type { FindInTarget } from './search-builds.ts';
import { selectGreenBuilds } from './select-green-builds.ts';
import { selectBuilds } from './select-builds.ts';
import type { BranchRequest, ImageRule } from './types.ts';

/** Looks up each image once. */
export function createTargetSearch(request: BranchRequest, ports: SearchPorts, pins: Pins): FindInTarget {
  const searches = new Map<string, Promise<ImageFinding>>();
  return (rule) => {
    const search = searches.get(rule.name) ?? findInTarget(rule, request, ports, pins);
    searches.set(rule.name, search);
    return search;
  };
}

async function findInTarget(
  rule: ImageRule,
  request: BranchRequest,
  ports: SearchPorts,
  pins: Pins,
): Promise<ImageFinding> {
  const { targetBranch, branch, project } = request;
  if (targetBranch === undefined) {
    return absent(
      rule,
      'pass target_branch: "{{ .target_branch }}" on to take it from the target branch (onMissing: target)',
    );
  }
  if (targetBranch === branch) return absent(rule, 'the branch is its own target branch');
  const target: BranchRequest = { project, branch: targetBranch };
  let known = await ports.runs.read(target);
  while (known.kind === 'known') {
    const { asOf: listedAt, standing, unresolved } = known;
    const { images, runs, gate } = ports;
    const context = { images, runs, gate, standing, listedAt, pinBefore: pins.before };
    // A fork can have a branch of the same name, so only the repository's own runs count.
    const { builds } = selectBuilds(known.runs, target, { kind: 'own' });
    const greens = selectGreenBuilds(builds, known.coverage, project);
    const { finding, isFinal } = await findLentImage(rule, greens, 0, target, context);
    if (finding?.kind === 'pinned') {
      return { ...finding, image: { ...finding.image, target: targetBranch }, unresolved };
    }
    if (finding !== undefined) return finding;
    if (isFinal) {
      return unresolved === undefined
        ? absent(rule, `neither has a green build of the target branch ${targetBranch}`)
        : { kind: 'failed', failure: unresolved.failure, reference: rule.template.text };
    }
    known = await ports.runs.readFurther(target);
  }
  return { ...known, reference: rule.template.text };
}

function absent(rule: ImageRule, reason: string): ImageFinding {
  return { kind: 'absent', reference: rule.template.text, reason };
}
