/** Admits green builds through the project's gate: its `statuses` must be successful on their commits, too. */
import type { Failed, GateReading, StatusGate } from './ports.ts';
import { compareBuilds } from './select-builds.ts';
import type { SelectedGreens } from './select-green-builds.ts';
import type { EvaluatedBuild } from './evaluate-build.ts';
import type { Project } from './types.ts';

/** Commits that one search reads the statuses of, beyond `lookback`. */
const MOST_CLOSED = 20;

export interface AdmittedBuilds {
  /** The builds that pass, newest first. `isAll` is false if some were not read. */
  readonly selected: SelectedGreens;
  /** A search that is undecided needs more of them. */
  readonly hasMore: boolean;
  /** Replaces each build whose gate was read: with another status, or with the statuses that let it pass. */
  readonly replacements: ReadonlyMap<EvaluatedBuild, EvaluatedBuild>;
}

/**
 * Reads the gate of one build after the other, the newest first, until enough of them pass.
 * @param wanted the most builds to admit
 * @returns a failure if a gate cannot be read, since an older build must not take the newer one's place
 */
export async function admitBuilds(
  { greens, partial, isAll }: SelectedGreens,
  wanted: number,
  { lookback }: Project,
  gate: StatusGate,
): Promise<AdmittedBuilds | Failed> {
  const replacements = new Map<EvaluatedBuild, EvaluatedBuild>();
  const passed: EvaluatedBuild[] = [];
  const readGate = createGateReader(gate, lookback);
  for (const green of greens) {
    if (passed.length === wanted) {
      // A build that was not read may have what an older one would lend.
      const newer = partial.filter(({ build }) => compareBuilds(build, green.build) > 0);
      return {
        selected: { greens: passed, partial: newer, isAll: false },
        hasMore: true,
        replacements,
      };
    }
    const reading = await readGate(green.build.commit);
    if (reading.kind === 'failed') return reading;
    const admitted = withGate(green, reading);
    replacements.set(green, admitted);
    if (reading.status === 'green') passed.push(admitted);
  }
  return { selected: { greens: passed, partial, isAll }, hasMore: false, replacements };
}

/** @returns a function that reads a commit's gate, and fails after too many calls */
export function createGateReader(
  gate: StatusGate,
  lookback: number,
): (commit: string) => Promise<GateReading | Failed> {
  let calls = 0;
  return async (commit) =>
    gate.peek(commit) === undefined && ++calls > lookback + MOST_CLOSED
      ? tooManyClosed(gate)
      : gate.read(commit);
}

function withGate(green: EvaluatedBuild, { status, reason, statuses }: GateReading): EvaluatedBuild {
  return { ...green, status, reason: `${green.reason}; ${reason}`, statuses };
}

/** The next request continues here, since what was read is kept. */
function tooManyClosed({ host }: StatusGate): Failed {
  const message = `a branch has many commits whose statuses are not green; further ones are read from ${host} later`;
  return { kind: 'failed', failure: { kind: 'unavailable', host, message } };
}
