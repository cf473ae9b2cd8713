/** The core's ports: runs, images, and the memory of what was handed out. */
import type { UpstreamFailure } from '../errors.ts';
import type { Coverage } from './coverage.ts';
import type { BranchRequest, GateStatus, LastGood, PinnedImage, Run } from './types.ts';
import type { Digest, Platform } from '../image/image.ts';

export type Failed = { readonly kind: 'failed'; readonly failure: UpstreamFailure };

export type BranchRuns =
  | {
      readonly kind: 'known';
      /** In no particular order. */
      readonly runs: readonly Run[];
      /** Which of the branch's runs cannot be missing from `runs`. */
      readonly coverage: Coverage;
      /** When upstream last confirmed this, milliseconds since the epoch. */
      readonly asOf: number;
      /** The standing of one of `runs`, by its id. */
      readonly standing: (runId: string) => RunStanding;
      /** The newest unresolved run. */
      readonly unresolved?: UnresolvedRun | undefined;
    }
  | Failed;

/** Times are milliseconds since the epoch by our own clock, whatever CI's clock says. */
export interface RunStanding {
  /** When the newest call that reported the run's state began. */
  readonly confirmedAt: number;
  /**
   * The latest time at which the run can have pushed an image: when its current attempt and outcome were
   * first seen or, if no other state was ever seen, its last change by CI's clock if that is earlier.
   */
  readonly pushedBy: number;
}

/** A run whose current state CI could not report, or that cannot be parsed; it may have succeeded since. */
export interface UnresolvedRun {
  readonly failure: UpstreamFailure;
  /** Builds at this position or above are certain, whatever the run's outcome; null: no build is. */
  readonly position: number | null;
}

/** Runs of one Git repository. No method throws, and `peek...` makes no call. */
export interface RunSource {
  /**
   * Makes at most one listing, which concurrent callers share. With a number, the result includes runs that
   * name the pull request and no branch.
   */
  read(subject: RunSubject): Promise<BranchRuns>;
  /** Like `read`, with more coverage. Call it only while coverage is incomplete. */
  readFurther(subject: RunSubject): Promise<BranchRuns>;
  readPullRequest(number: string): Promise<PullRequestHead | Failed>;
  /** @returns undefined if the pull request has not been read yet */
  peekPullRequest(number: string): PullRequestHead | undefined;
  /**
   * Ensures that the listing and each of these runs are known as of `since` or later (milliseconds since the
   * epoch, our clock), with one listing and one call for each run that it does not show. `read` then returns
   * the changes.
   */
  confirm(runs: readonly Run[], since: number): Promise<{ kind: 'confirmed' } | Failed>;
  /** Known branches: the same array until a branch comes or goes, so that callers may cache by it. */
  branchNames(): readonly string[];
  /** In no particular order. */
  peekRuns(subject: RunSubject): readonly Run[];
  /** Runs that name no branch. */
  peekBranchless(): Iterable<Run>;
  /** Runs by the commit that their images' tags name. @param prefix at least 7 lower-case hex digits */
  peekCommit(prefix: string): readonly Run[];
  /** Runs of any workflow with this number. */
  peekNumber(number: string): readonly Run[];
  /** Listed runs of all branches that could not be parsed. */
  peekUnread(): readonly UnreadRun[];
}

/** What the statuses of a commit say about a project's `statuses`. */
export interface GateReading {
  readonly kind: 'known';
  /** As of a build: `green` if all that are required are successful, `incomplete` if one is missing. */
  readonly status: 'green' | 'running' | 'unsuccessful' | 'incomplete';
  /** `sonarqube pending`, `no status security/scan` */
  readonly reason: string;
  /** The statuses that decided. */
  readonly statuses: readonly GateStatus[];
  /** When the call that reported them began, milliseconds since the epoch, our clock. */
  readonly askedAt: number;
  /**
   * When they were first seen to be green, ms since the epoch, our clock: an image may have been pushed until
   * then. 0 if they are not green.
   */
  readonly passedAt: number;
}

/** The `statuses` of a project: what other systems say about a commit. No method throws. */
export interface StatusGate {
  /** The Git host, for messages. */
  readonly host: string;
  /** @param since oldest acceptable answer, milliseconds since the epoch, our clock. Default: as is fresh */
  read(commit: string, since?: number): Promise<GateReading | Failed>;
  /** Makes no call. @returns undefined if nothing is known */
  peek(commit: string): GateReading | undefined;
}

/** The ports that one request needs. */
export interface ResolvePorts {
  readonly runs: RunSource;
  /** Undefined: the project requires no statuses. */
  readonly gate?: StatusGate | undefined;
  readonly images: ImageSource;
  readonly lastGood: LastGoodStore;
  readonly pins: PinMemory;
}

/** The ports to CI, the Git host's statuses and the registry. */
export type SearchPorts = Pick<ResolvePorts, 'runs' | 'images' | 'gate'>;

/** Runs of a merge queue are read only if the project counts their event. */
export interface RunSubject extends Pick<BranchRequest, 'branch' | 'number' | 'headSha'> {
  readonly project?: Pick<BranchRequest['project'], 'events'> | undefined;
}

export interface PullRequestHead {
  readonly kind: 'known';
  /** Earliest time at which it can have been opened, ms since the epoch, our clock; null if unknown. */
  readonly openedAfter: number | null;
  /** Null if the head repository was deleted. */
  readonly headRepositoryId: string | null;
  /** Null if the host does not name it. */
  readonly headBranch: string | null;
  /** Full commit SHA, lower case; null if the host gives only a part of it. */
  readonly headCommit: string | null;
  readonly origin: 'own' | 'foreign';
}

export type Absent = { readonly kind: 'absent'; readonly reason: string };

export type ImageResult =
  | {
      readonly kind: 'found';
      /** Registry and path, without tag. */
      readonly repository: string;
      readonly tag: string;
      readonly digest: Digest;
      /** When the registry last confirmed it, milliseconds since the epoch; null if it never changes. */
      readonly asOf: number | null;
      /** When the query was sent that gave this result, milliseconds since the epoch, our clock. */
      readonly askedAt: number;
    }
  | Absent
  | Failed
  /** The text is not an image reference. */
  | { readonly kind: 'invalid'; readonly reason: string };

export type RevisionResult =
  /**
   * The values of `org.opencontainers.image.revision`, each once: the annotations of the pinned document and
   * of the platform's manifest, and the label in the image's configuration.
   */
  { readonly kind: 'found'; readonly revisions: readonly string[] } | Absent | Failed;

export interface ImageSource {
  /**
   * @param reference `ghcr.io/acme/shop-front:sha-1a2b3c4` or `ghcr.io/acme/shop-front@sha256:...`
   * @param immutable the tag can only ever mean one build's image
   * @param notBefore oldest acceptable cached answer (milliseconds since the epoch, our clock): the image may
   *   have been pushed until then
   * @param repushed an earlier run or attempt pushed the same tag, so a registry may show the previous image
   *   for a while
   */
  readDigest(
    reference: string,
    options: {
      readonly immutable: boolean;
      readonly platform?: Platform | undefined;
      readonly notBefore?: number;
      readonly repushed?: boolean;
    },
  ): Promise<ImageResult>;
  /** @returns registry and path, aliases folded, as in `ImageResult`; undefined if it is not a reference */
  repositoryOf(reference: string): string | undefined;
  /** @param reference by digest: `ghcr.io/acme/shop-front@sha256:...` */
  readRevision(reference: string, platform?: Platform): Promise<RevisionResult>;
}

/** Digests proven to belong to a build, kept in this process's memory. */
export interface PinMemory {
  get(key: string): PinnedImage | undefined;
  set(key: string, image: PinnedImage): void;
}

/**
 * Remembers the last good answer of each key. Never throws: a store failure must not fail the answer.
 *
 * Several replicas may share a store, and an answer is decided against what `get` returned. If another
 * replica has written since, `set` writes nothing, and the caller decides again. An older build therefore
 * replaces a newer one only if its writer knew the newer one and found its image gone.
 */
export interface LastGoodStore {
  /** @returns undefined if nothing was handed out; `unreadable` if the store cannot say */
  get(key: string): Promise<LastGood | 'unreadable' | undefined>;
  /** @returns the answer that another replica wrote since this key's last `get`; undefined once written */
  set(key: string, value: LastGood): Promise<LastGood | undefined>;
  /**
   * Since when the store has been complete: it knows every key that was first handed out later.
   * @returns milliseconds since the epoch, our clock; null: not proven (the store does not outlive the
   *   process, others may have written to it, or it does not respond)
   */
  wholeSince(): number | null;
}

/**
 * A listed run that could not be parsed. It may be anything, even the newest green run. Fields that could not
 * be parsed are null.
 */
export interface UnreadRun {
  readonly id: string | null;
  /** Empty if the run names no branch. */
  readonly branch: string | null;
  readonly commit: string | null;
  /** Its own, or as an upper bound that of the run before it on the page; null for the page's first run. */
  readonly position: number | null;
  readonly tie: string | null;
  /** Also an upper bound, milliseconds since the epoch. */
  readonly createdAt: number | null;
  /** `a field updated_at` */
  readonly problem: string;
}
