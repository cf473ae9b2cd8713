/** Decides against the last good answer, which another replica may replace at the same time. */
import { decide, isDowngrade, markUnremembered } from './decide.ts';
import { decideProvenNothing, type Decision } from './decision.ts';
import type { Search } from './find-newest-set.ts';
import { isNeverHandedOut } from './never-handed-out.ts';
import type { Pins } from './pins.ts';
import type { ResolvePorts, SearchPorts } from './ports.ts';
import { evaluateStored, lastGoodKey, type Remembered } from './recall.ts';
import { resolveImage } from './resolve-images.ts';
import { recreateGreenBuild } from './evaluate-build.ts';
import type { BranchRequest, PinnedImage } from './types.ts';

/** Replicas that keep overtaking each other agree at the next poll. */
const MAX_DECISIONS = 3;

/** If another replica answers in the meantime, decides again, so as never to go back behind its answer. */
export async function decideAgainstLastGood(
  search: Search,
  first: Remembered,
  pins: Pins,
  request: BranchRequest,
  ports: ResolvePorts,
): Promise<Decision> {
  let remembered = first;
  for (let attempt = 1; ; attempt++) {
    const decision = await decideOnce(search, remembered, pins, request, ports);
    if (decision.kind !== 'answered' || decision.freshness !== 'fresh') return decision;
    pins.note(decision.set);
    const { set, asOf: confirmedAt } = decision;
    const overtaking = await ports.lastGood.set(lastGoodKey(request), { set, confirmedAt });
    if (overtaking === undefined || attempt === MAX_DECISIONS) return decision;
    remembered = evaluateStored(overtaking, request, ports.images);
  }
}

async function decideOnce(
  search: Search,
  remembered: Remembered,
  pins: Pins,
  request: BranchRequest,
  ports: ResolvePorts,
): Promise<Decision> {
  const { found } = search;
  const completed = await completeLastGood(remembered, search, pins, request, ports);
  const decision = await decide(found, completed, request, ports.images);
  if (remembered.kind === 'unreadable') return markUnremembered(decision, search.builds);
  if (
    found.kind === 'failed' &&
    decision.kind === 'failed' &&
    (await isNeverHandedOut(request, remembered, ports))
  ) {
    return decideProvenNothing(decision, search.listedAt);
  }
  return decision;
}

/** Looks up images that were added to the project in the build that was handed out. */
async function completeLastGood(
  remembered: Remembered,
  { found, builds, context }: Search,
  pins: Pins,
  request: BranchRequest,
  { images, runs, gate }: SearchPorts,
): Promise<Remembered> {
  if (remembered.kind !== 'partial') return remembered;
  const { lastGood, missing } = remembered;
  if (found.kind === 'complete' && !isDowngrade(found, lastGood)) return remembered;
  const { build } = lastGood.set;
  const evaluated = builds.find((one) => one.build.commit === build.commit) ?? recreateGreenBuild(build);
  // After a re-run, the image may belong to a later attempt that is not green, or to another merge of the
  // same head.
  const isSame = evaluated.status === 'green' && evaluated.build.builtCommit === build.builtCommit;
  if (!isSame) return remembered;
  const added: Record<string, PinnedImage> = {};
  for (const rule of missing) {
    const known = context ?? {
      images,
      runs,
      gate,
      standing: () => ({ confirmedAt: -Infinity, pushedBy: 0 }),
      listedAt: -Infinity,
      pinBefore: pins.before,
    };
    const finding = await resolveImage(rule, evaluated, request, known);
    if (finding.kind !== 'pinned' || finding.unconfirmed !== undefined) return remembered;
    added[rule.name] = finding.image;
  }
  return {
    kind: 'whole',
    lastGood: { ...lastGood, set: { build, images: { ...lastGood.set.images, ...added } } },
  };
}
