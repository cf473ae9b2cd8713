/** The gates of all projects. Those of one Git repository share what is known about its commits. */
import { createReservingStatuses } from '../ci/reserving-provider.ts';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../errors.ts';
import type { StatusGate } from '../resolve/ports.ts';
import type { Project } from '../resolve/types.ts';
import { matchesPattern } from './evaluate-statuses.ts';
import type { Connection } from './repositories.ts';
import { createStatusGate } from './status-gate.ts';
import { StatusMemory } from './status-memory.ts';

export interface GatesDeps {
  readonly projects: ReadonlyMap<string, Project>;
  /** By name. */
  readonly connections: ReadonlyMap<string, Connection>;
  readonly now: Clock;
}

/**
 * @returns a function that returns a project's gate; undefined if it requires no statuses
 * @throws ConfigError if a project's Git host knows none
 */
export function composeGates({
  projects,
  connections,
  now,
}: GatesDeps): (project: Project) => StatusGate | undefined {
  const gates = new Map<string, StatusGate>();
  const gated = [...projects.values()].filter(({ statuses }) => statuses.length > 0);
  const byRepository = Map.groupBy(gated, ({ git = '', gitRepository }) =>
    JSON.stringify([git, connections.get(git)?.provider.repositoryKey(gitRepository)]),
  );
  for (const group of byRepository.values()) {
    const memory = createMemory(group, connections, now);
    for (const { name, statuses } of group) gates.set(name, createStatusGate(memory, statuses));
  }
  return ({ name }) => gates.get(name);
}

/** @param projects of one Git repository */
function createMemory(
  projects: readonly Project[],
  connections: GatesDeps['connections'],
  now: Clock,
): StatusMemory {
  const [{ name, git = '', gitRepository } = noProject()] = projects;
  const connection = connections.get(git);
  if (connection?.statuses === undefined) {
    const expected = `git to name a connection that knows statuses; "${git}" does not`;
    throw new ConfigError([`projects.${name}.statuses: found the key, expected ${expected}`]);
  }
  const { statuses, freshness, provider } = connection;
  const patterns = projects.flatMap((project) => project.statuses);
  return new StatusMemory({
    statuses: createReservingStatuses(statuses, freshness),
    gitRepository,
    isWanted: (context) => patterns.some((pattern) => matchesPattern(context, pattern)),
    freshFor: () => Math.min(...projects.map(({ freshForMs }) => freshness.freshFor(freshForMs))),
    isQuotaLow: () => freshness.isLow(),
    now,
    generation: provider.generation,
  });
}

function noProject(): never {
  throw new RangeError('a group has a project');
}
