/** Reports of branches, resolved by the real core between a fake CI and a fake registry. */
import { createPinMemory } from '../../../../src/answers/pin-memory.ts';
import { createResolveReport, type ResolveReport } from '../../../../src/answers/report.ts';
import { resolveBranch } from '../../../../src/resolve/resolve-branch.ts';
import type { BranchRequest, LastGood, Run } from '../../../../src/resolve/types.ts';
import { createFakeRegistry, createFakeRunSource, OUTAGE } from '../../../fixtures/fake-ports.ts';
import { createRequest, createRun, digest, sha } from '../../../fixtures/values.ts';

export interface Situation {
  readonly runs?: readonly (Partial<Run> & { readonly id: string })[];
  /** Ids of the builds whose image is in the registry. */
  readonly front?: readonly string[];
  readonly back?: readonly string[];
  /** Names of images whose registry fails. */
  readonly failing?: readonly string[];
  readonly ciFails?: boolean;
  readonly lastGood?: LastGood;
  readonly request?: Partial<BranchRequest>;
}

export function reference(name: string, id: string): string {
  return `registry.test/shop/${name}:sha-${sha(id).slice(0, 7)}`;
}

/** Of an image's id, as `digest('f7')` or `digest('b7')`. */
export async function reportOf(situation: Situation): Promise<ResolveReport> {
  const { runs = [], front = [], back = [], failing = [], ciFails = false } = situation;
  const source = createFakeRunSource(runs.map(createRun));
  if (ciFails) source.failure = OUTAGE;
  const images = createFakeRegistry({
    ...Object.fromEntries(front.map((id) => [reference('front', id), digest(`f${id}`)])),
    ...Object.fromEntries(back.map((id) => [reference('back', id), digest(`b${id}`)])),
  });
  for (const { id } of runs) for (const name of failing) images.failing.add(reference(name, id));
  const request = createRequest(situation.request);
  const lastGood = {
    get: () => Promise.resolve(situation.lastGood),
    set: () => Promise.resolve(undefined),
    wholeSince: () => null,
  };
  const pins = createPinMemory();
  return createResolveReport(request, await resolveBranch(request, { runs: source, images, lastGood, pins }));
}
