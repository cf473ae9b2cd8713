/** Constructs everything except HTTP and the store. */
import { DigestCache } from '../registry/digest-cache.ts';
import { createPinMemory } from '../answers/pin-memory.ts';
import { createSharedFetch } from '../replicas/shared-fetch.ts';
import { createSharedRegistryClient } from '../replicas/shared-registry.ts';
import { composeRegistries } from './registries.ts';
import { composeGates } from '../runs/gates.ts';
import { composeRuns } from '../runs/repositories.ts';
import { type ComposedStore } from './store.ts';
import type { Config } from '../config/config.ts';
import type { HttpRegistryClient } from '../registry/client.ts';
import { isNeverHandedOut } from '../resolve/never-handed-out.ts';
import { recall, type Remembered } from '../resolve/recall.ts';
import { resolveBranch, type Resolution } from '../resolve/resolve-branch.ts';
import type { BranchRequest } from '../resolve/types.ts';
import { createMemoryStore } from '../store/memory.ts';
import type { Runtime } from './runtime.ts';
import { RETRY_TIMING, composeConnection, shortestFreshFor, type ComposedConnection } from './ci.ts';

export interface Core {
  resolve(request: BranchRequest): Promise<Resolution>;
  recall(request: BranchRequest): Promise<Remembered>;
  isNeverHandedOut(request: BranchRequest, remembered: Remembered): Promise<boolean>;
  /** By the connection's name in the configuration. */
  readonly connections: ReadonlyMap<string, ComposedConnection>;
  readonly registries: HttpRegistryClient;
}

/** One upstream call must leave time for the next one before the caller's deadline. */
const CALL_SHARE_OF_DEADLINE = 0.5;

/** @param store omitted to start without earlier answers and store none */
export function composeCore(
  config: Config,
  runtime: Runtime,
  { lastGood, channel }: Pick<ComposedStore, 'lastGood' | 'channel'> = { lastGood: createMemoryStore() },
): Core {
  const timeoutMs = config.server.deadlineMs * CALL_SHARE_OF_DEADLINE;
  const { now } = runtime;
  const share = channel && createSharedFetch({ channel, now, delay: RETRY_TIMING.delay });
  const registries = composeRegistries(config, timeoutMs, runtime);
  const images = new DigestCache({
    client: share === undefined ? registries : createSharedRegistryClient(registries, share),
    freshFor: shortestFreshFor([...config.projects.values()], config.freshForMs),
    now,
  });
  const connections = new Map(
    [...config.connections].map(([name, connection]) => [
      name,
      composeConnection(connection, config, timeoutMs, runtime, share),
    ]),
  );
  const pins = createPinMemory();
  const { projects } = config;
  const gateOf = composeGates({ projects, connections, now });
  const runs = composeRuns({ projects, connections, images, gateOf, now });
  return {
    resolve(request) {
      const gate = gateOf(request.project);
      return resolveBranch(request, { runs: runs(request), gate, images, lastGood, pins });
    },
    recall: (request) => recall(request, lastGood, images),
    isNeverHandedOut: (request, remembered) =>
      isNeverHandedOut(request, remembered, { runs: runs(request), lastGood }),
    connections,
    registries,
  };
}
