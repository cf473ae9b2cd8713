/** Digests proven to belong to a build: those handed out last, and those that this process found. */
import type { PinMemory } from './ports.ts';
import { ruleKey, type Remembered } from './recall.ts';
import type { BranchRequest, Build, ImageRule, PinnedImage, PinnedSet } from './types.ts';

export interface Pins {
  readonly before: (rule: ImageRule, build: Pick<Build, 'builtCommit'>) => PinnedImage | undefined;
  /** Records a set that is handed out. */
  readonly note: (set: PinnedSet) => void;
}

export function createPins(remembered: Remembered, request: BranchRequest, memory: PinMemory): Pins {
  const handedOut = 'lastGood' in remembered ? remembered.lastGood.set.images : {};
  const { project, branch, number = '' } = request;
  const keyOf = (rule: string, commit: string): string =>
    JSON.stringify([project.ci, project.gitRepository, branch, number, rule, commit]);
  return {
    before(rule, { builtCommit: commit }) {
      const image = handedOut[rule.name];
      return image?.commit === commit ? image : memory.get(keyOf(ruleKey(rule), commit));
    },
    note({ images }) {
      for (const image of Object.values(images)) memory.set(keyOf(image.rule, image.commit), image);
    },
  };
}
