/** What the core is handed: runs, images, and the memory of what was handed out. Types only; other ports stand beside their owners. */
import type { UpstreamFailure } from '../errors.ts';
import type { Coverage } from './coverage.ts';
import type { BranchRequest, LastGood, PinnedImage, Run } from './types.ts';
import type { Digest, Platform } from '../image/image.ts';

/* ---------- what the core asks ---------- */

/** What is known of a branch's runs. */
export type BranchRuns =
  | {
      readonly kind: 'known';
      /** In no particular order. */
      readonly runs: readonly Run[];
      /** Which of the branch's runs are certain to be among `runs`. */
      readonly coverage: Coverage;
      /** When upstream last confirmed this, milliseconds since the epoch. */
      readonly asOf: number;
      /** When upstream told the state of one of `runs`, by its id. */
      readonly standing: (runId: string) => RunStanding;
      readonly doubt?: Doubt | undefined;
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** What is known of a run, and since when: by our own clock, milliseconds since the epoch, whatever the clock of CI says. */
export interface RunStanding {
  /** The newest call that told the run's state began then. */
  readonly confirmedAt: number;
  /**
   * An image that the run pushed was there by then at the latest: its state (attempt and outcome) was first seen as it is now. Of a
   * run that was never seen in another state, when it last changed by CI's clock, if that is earlier.
   */
  readonly pushedBy: number;
}

/** A run of which CI could not tell how it goes on, or anything that can be read: it may have ended green. */
export interface Doubt {
  readonly failure: UpstreamFailure;
  /** Builds at this position or above are certain, whatever became of the run; null: none is. */
  readonly position: number | null;
}

/** Runs of one Git repository, branch by branch. */
export interface RunSource {
  /**
   * Returns what is known of the branch after at most one listing (joined by all callers). With a number, that includes the runs that
   * name the pull request and no branch. Never throws.
   */
  read(subject: RunSubject): Promise<BranchRuns>;
  /** Like `read`, with more coverage; call it only while the coverage is not complete. Never throws. */
  readFurther(subject: RunSubject): Promise<BranchRuns>;
  /** Whether a pull request's commits lie in another repository. Never throws. */
  readPullRequest(number: string): Promise<PullRequestHead | { kind: 'failed'; failure: UpstreamFailure }>;
  /**
   * Sees to it that the listing and each of these runs are known as they were at `since` or later (milliseconds since the epoch, our
   * clock): by one listing, and for runs that it does not show by one call each. `read` then returns what has changed.
   * Never throws.
   */
  confirm(
    runs: readonly Run[],
    since: number,
  ): Promise<{ kind: 'confirmed' } | { kind: 'failed'; failure: UpstreamFailure }>;
  /** Branches that are known. The same array until one comes or goes, so that what is reckoned from it can be kept. */
  branchNames(): readonly string[];
  /** Known runs of a branch and pull request, in no particular order; makes no call. */
  peekRuns(subject: RunSubject): readonly Run[];
  /** Known runs that name no branch; makes no call. */
  peekBranchless(): Iterable<Run>;
  /** Runs that are known of all commits that begin with this (at least 7 digits, lower-case hex): nobody is asked. */
  peekCommit(prefix: string): readonly Run[];
  /** Runs that are known of this number, of any workflow: nobody is asked. */
  peekNumber(number: string): readonly Run[];
  /** Runs of all branches that CI has listed, and that could not be read there: nobody is asked. */
  peekUnread(): readonly UnreadRun[];
}

/** Whose runs are asked for. */
export type RunSubject = Pick<BranchRequest, 'branch' | 'number'>;

export interface PullRequestHead {
  readonly kind: 'known';
  /** It was not opened before this moment, by our own clock, milliseconds since the epoch; null: the provider does not tell. */
  readonly openedAfter: number | null;
  /** Null if the head repository was deleted. */
  readonly headRepositoryId: string | null;
  /** Null if the host does not name it. */
  readonly headBranch: string | null;
  /** Full commit SHA, lower case; null if the host gives only a part of it. */
  readonly headCommit: string | null;
  readonly origin: 'own' | 'foreign';
}

/** One image, asked of its registry. */
export type ImageResult =
  | {
      readonly kind: 'found';
      /** Registry and path, without tag. */
      readonly repository: string;
      readonly tag: string;
      readonly digest: Digest;
      /** When the registry last confirmed this, milliseconds since the epoch; null when it need not be asked again (immutable). */
      readonly asOf: number | null;
      /** When the registry was asked for what is told here, milliseconds since the epoch, our clock. */
      readonly askedAt: number;
    }
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'invalid'; readonly reason: string };

export type RevisionResult =
  /**
   * What is said under `org.opencontainers.image.revision`, each value once: the annotation of the document that is pinned, that of
   * the platform's manifest, the label of the image's configuration. None when the image bears none.
   */
  | { readonly kind: 'found'; readonly revisions: readonly string[] }
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** Images, by the text of their reference. */
export interface ImageSource {
  /**
   * @param reference text such as `ghcr.io/acme/shop-front:sha-1a2b3c4` or `ghcr.io/acme/shop-front@sha256:...`
   * @param immutable the tag can only ever mean one build's image
   * @param notBefore an earlier answer is no good: the image was pushed by then (a re-run pushes it anew); milliseconds since the
   *   epoch, our clock
   * @param repushed an earlier run or attempt pushed the same tag: a registry may go on showing that image for a while
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
  /** @returns registry and path of a reference's text, aliases folded, as `readDigest` names them; undefined: it is no reference */
  repositoryOf(reference: string): string | undefined;
  /** @param reference text of a reference by digest: `ghcr.io/acme/shop-front@sha256:...` */
  readRevision(reference: string, platform?: Platform): Promise<RevisionResult>;
}

/** Digests that were proven to be a build's, by a key of the core's. In this process's memory. */
export interface PinMemory {
  get(key: string): PinnedImage | undefined;
  set(key: string, image: PinnedImage): void;
}

/**
 * Remembers the last good answer of each key. Never throws: a store's fault is never an answer's fault.
 *
 * Several replicas may share it. What `get` gave is what an answer was decided against (never backwards), so `set` compares:
 * where another replica has written since, nothing is set, and the decision is to be taken again against that one's answer. So an
 * older build replaces a newer one only where its writer had that newer one before it, and found its image gone.
 */
export interface LastGoodStore {
  /** @returns undefined: nothing was handed out; `unreadable`: nobody can tell now whether anything was */
  get(key: string): Promise<LastGood | 'unreadable' | undefined>;
  /** @returns another replica's answer, written since this one last asked for the key; undefined: set */
  set(key: string, value: LastGood): Promise<LastGood | undefined>;
  /**
   * What was first handed out after this moment, and is not known to `get`, was never handed out: that is proven.
   * @returns milliseconds since the epoch, by our clock; null: no such proof (it does not outlive the process, others may have
   *   written to it, or nobody can tell now)
   */
  wholeSince(): number | null;
}

/* ---------- what talks to upstream ---------- */

/** A run of which a list shows nothing that can be relied on: it may be anything, also the newest green one. */
export interface UnreadRun {
  /** Null where it cannot be read. */
  readonly id: string | null;
  /** Null where it cannot be read; empty where the run names no branch. */
  readonly branch: string | null;
  /** Null where it cannot be read. */
  readonly commit: string | null;
  /** No higher than this, as the run before it on the page shows; null: it is the first there. */
  readonly position: number | null;
  /** Null where it cannot be read. */
  readonly tie: string | null;
  /** No later than this, milliseconds since the epoch; null: not known. */
  readonly createdAt: number | null;
  /** `a field updated_at` */
  readonly problem: string;
}
