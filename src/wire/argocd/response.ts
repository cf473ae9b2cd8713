/** The body that Argo CD's plugin generator reads (design §1). Pure. */
import type { BranchRequest, PinnedSet } from '../../resolve/types.ts';
import { createParameterSet } from './parameter-set.ts';

/**
 * @param sets what is handed out; none: nothing is to be deployed
 * @returns JSON
 */
export function renderParameters(sets: readonly PinnedSet[], request: BranchRequest): string {
  const parameters = sets.map((set) => createParameterSet(set, request));
  return JSON.stringify({ output: { parameters } });
}
