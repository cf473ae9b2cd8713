/** Serializes the response for Argo CD's plugin generator. Pure. */
import type { BranchRequest, PinnedSet } from '../../resolve/types.ts';
import { createParameterSet } from './parameter-set.ts';

/**
 * @param sets the sets to deploy; none if nothing is to be deployed
 * @returns JSON
 */
export function renderParameters(sets: readonly PinnedSet[], request: BranchRequest): string {
  const parameters = sets.map((set) => createParameterSet(set, request));
  return JSON.stringify({ output: { parameters } });
}
