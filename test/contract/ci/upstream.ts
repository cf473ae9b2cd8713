/** The interface through which the suite controls a kind's upstream. Each kind's test file implements it. */
import { UpstreamError, type UpstreamFailure, type UpstreamFailureKind } from '../../../src/errors.ts';
import type { CiKind, CiPorts } from '../../../src/ci/kind.ts';
import type { Cursor, RunPage } from '../../../src/ci/provider.ts';
import type { Run } from '../../../src/resolve/types.ts';
import type { FakeFault } from '../../fixtures/fake-server.ts';

export interface ContractRun {
  readonly branch: string | null;
  readonly state: 'running' | 'success' | 'unsuccessful';
  /** Repository of the commit; by default, the repository itself. */
  readonly head?: 'fork' | 'deleted';
  /** Number of a pull request that started the run in place of a push to the branch. */
  readonly pullRequest?: string;
}

export const FAULTS = {
  'no answer': 'timeout',
  'a body that stalls': 'timeout',
  'a reset connection': 'unreachable',
  'a truncated body': 'unreachable',
  'rejected credentials': 'denied',
  'a missing permission': 'denied',
  'an unknown repository': 'not_found',
  'a rate limit': 'rate_limited',
  'an outage': 'unavailable',
  'an HTML page': 'malformed',
  'an empty body': 'malformed',
  'another shape': 'malformed',
} as const satisfies Record<string, UpstreamFailureKind>;

export type ContractFault = keyof typeof FAULTS;

/** Faults below HTTP, which are the same for every API. */
export const TRANSPORT_FAULTS = {
  'no answer': { kind: 'hang' },
  'a body that stalls': { kind: 'stall' },
  'a reset connection': { kind: 'reset' },
  'a truncated body': { kind: 'truncate' },
} as const satisfies Partial<Record<ContractFault, FakeFault>>;

/**
 * Claims of a kind about its answers, each of which the suite tests. Its ports are claims too, and are not
 * repeated here.
 */
export interface Claims {
  /** Pages carry the length of the list. */
  readonly total: boolean;
  /** Pages carry a validator that makes the next request conditional. */
  readonly validator: boolean;
  /** Runs belong to workflows. */
  readonly workflows: boolean;
  /** A pull request's run names the head branch, or only the number. */
  readonly pullRequestRuns: 'name the branch' | 'name the number';
  /** False: pull requests from forks never start runs. Default: true. */
  readonly forkRuns?: false;
  /** Re-runs are counted (`Run.attempt`). Default: true. */
  readonly attempts?: boolean | undefined;
}

/** A port that a kind may provide besides the provider. */
export type OptionalPort = 'gitHost' | 'statuses' | 'pushLog';

export const OPTIONAL_PORTS: readonly OptionalPort[] = ['gitHost', 'statuses', 'pushLog'];

/** An upstream with one repository, and the ports that are connected to it. */
export interface CiUpstream {
  readonly kind: CiKind;
  readonly claims: Claims;
  /** With a deadline longer than any answer takes. */
  readonly ports: CiPorts;
  /** The same ports with a deadline of a fraction of a second. */
  readonly impatient: CiPorts;
  /** The clock of the ports. */
  readonly now: () => number;
  /** Creates ports like `ports`, which know nothing yet. */
  readonly connect: () => CiPorts;
  readonly gitRepository: string;
  /** Host and port. */
  readonly host: string;
  /** The credential that the ports use. */
  readonly secret: string;
  /** Runs on a full page. */
  readonly pageSize: number;
  /** Calls that look up the repository's id before the first call for it. Default: none. */
  readonly lookUps?: number;
  /** A valid run id. */
  readonly sampleId: string;
  /** Adds a run that is newer than all others. @returns its id */
  readonly addRun: (run: ContractRun) => string;
  /** Runs it again, green. Left out if the CI system has no re-runs: running again makes a new run. */
  readonly rerun?: (id: string) => void;
  readonly deleteRun: (id: string) => void;
  /** Makes a run unreadable. */
  readonly spoilRun: (id: string) => void;
  /** Number of skipped runs that the observer has received. */
  readonly skipped: () => number;
  /** Required if the ports include a Git host. */
  readonly addPullRequest?: (number: string, head: 'own' | 'fork' | 'deleted') => void;
  readonly closePullRequest?: (number: string) => void;
  /** Required if the ports include statuses: adds or replaces a status. */
  readonly setStatus?: (
    commit: string,
    context: string,
    state: 'success' | 'pending' | 'unsuccessful',
  ) => void;
  /** Required if the ports include a push log: a push that is newer than all others. */
  readonly addPush?: (branch: string, commit: string) => void;
  /** Pushes, or heads of branches, on a full page. Default: `pageSize`. */
  readonly pushPageSize?: number;
  /** For an upstream whose push log shows tags and deletions, too. */
  readonly addPushToTag?: (tag: string, commit: string) => void;
  readonly deleteBranch?: (branch: string) => void;
  /**
   * Breaks every call from now on. Calls for `sampleId` and pull request 1 would succeed without the fault.
   */
  readonly breakWith: (fault: ContractFault) => void;
  /** Number of requests so far. */
  readonly requests: () => number;
  /** @throws Error if a request arrived that the upstream's API does not know */
  readonly close: () => Promise<void>;
}

/** For the `elapsed` of `createUpstream`, the milliseconds that have passed since it began: none pass. */
export const noTime = (): number => 0;

export const GREEN = { branch: 'main', state: 'success' } as const;

export async function list({ ports, gitRepository }: CiUpstream, cursor?: Cursor): Promise<RunPage> {
  const page = await ports.provider.fetchRuns(gitRepository, cursor);
  if (page === 'unchanged') throw new Error('unchanged, although no validator was given');
  return page;
}

/** Follows `next` to the end. */
export async function listAll(upstream: CiUpstream, between = () => {}): Promise<Run[]> {
  const runs: Run[] = [];
  for (let cursor: Cursor | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await list(upstream, cursor);
    runs.push(...page.runs);
    cursor = page.next;
    between();
  }
  return runs;
}

export async function failureOf(call: Promise<unknown>): Promise<UpstreamFailure> {
  const outcome = await call.then(
    () => new Error('expected a failure'),
    (error: unknown) => error,
  );
  if (outcome instanceof UpstreamError) return outcome.failure;
  throw outcome;
}
