/** A project's gate: the statuses that it requires of a commit. */
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import type { GateReading, StatusGate } from '../resolve/ports.ts';
import { evaluateStatuses, type StatusPattern } from './evaluate-statuses.ts';
import type { KnownStatuses, StatusMemory } from './status-memory.ts';
import { toResult } from './to-result.ts';

const MAX_COMMITS = 20_000;

export function createStatusGate(memory: StatusMemory, patterns: readonly StatusPattern[]): StatusGate {
  /** When each commit's statuses were first seen to be green, milliseconds since the epoch. */
  const passedAt = createBoundedCache<number>(MAX_COMMITS);

  function evaluate(commit: string, { statuses, askedAt, seenAt }: KnownStatuses): GateReading {
    const evaluation = evaluateStatuses(statuses, patterns);
    const isGreen = evaluation.status === 'green';
    if (!isGreen) passedAt.delete(commit);
    else if (!passedAt.has(commit)) passedAt.set(commit, seenAt);
    return { kind: 'known', ...evaluation, askedAt, passedAt: passedAt.get(commit) ?? 0 };
  }

  return {
    host: memory.host,
    peek(commit) {
      const known = memory.peek(commit);
      return known && evaluate(commit, known);
    },
    read: (commit, since = -Infinity) =>
      toResult(async () =>
        evaluate(
          commit,
          await memory.read(
            commit,
            since,
            (statuses) => evaluateStatuses(statuses, patterns).status === 'green',
          ),
        ),
      ),
  };
}
