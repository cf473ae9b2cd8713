/** What the core is handed (by `compose`), and what the upstream-facing parts implement. Types only. */
import type { UpstreamFailure } from '../errors.ts';
import type { Digest, ImageReference, LastGood, PinnedImage, Platform, Run } from './types.ts';

/** Milliseconds since the epoch. Injected, so that tests own the time. */
export type Clock = () => number;

/* ---------- what the core asks ---------- */

/** What is known of a branch's runs. */
export type BranchRuns =
  | {
      readonly kind: 'known';
      /** In no particular order. */
      readonly runs: readonly Run[];
      /**
       * Every run of the branch that was created since this moment is among `runs` (milliseconds since the epoch);
       * null: every run that CI still has.
       */
      readonly since: number | null;
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
  /** The run's, milliseconds since the epoch. Of one that may belong to a build that is known, later than that build. */
  readonly createdAt: number;
}

/** Runs of one Git repository, branch by branch. */
export interface RunSource {
  /** What is known of the branch after at most one listing (joined by all callers). Never throws. */
  readBranch(branch: string): Promise<BranchRuns>;
  /** The same, reaching further back than `since` said; call it only while `since` is not null. Never throws. */
  readFurther(branch: string): Promise<BranchRuns>;
  /** Whether a pull request's commits lie in another repository. Never throws. */
  readPullRequest(number: string): Promise<PullRequestHead | { kind: 'failed'; failure: UpstreamFailure }>;
  /**
   * Sees to it that the listing and each of these runs are known as they were at `since` or later (milliseconds since the epoch, our
   * clock): by one listing, and for runs that it does not show by one call each. What has changed is found by `readBranch` after that.
   * Never throws.
   */
  confirm(
    runs: readonly Run[],
    since: number,
  ): Promise<{ kind: 'confirmed' } | { kind: 'failed'; failure: UpstreamFailure }>;
  /** Branches that are known. The same array until one comes or goes, so that what is reckoned from it can be kept. */
  branchNames(): readonly string[];
  /** Runs that are known of a branch, in no particular order: nobody is asked. */
  peekRuns(branch: string): readonly Run[];
  /** Runs that are known of all commits that begin with this (at least 7 digits, lower-case hex): nobody is asked. */
  peekCommit(prefix: string): readonly Run[];
  /** Runs that are known of this number, of any workflow: nobody is asked. */
  peekNumber(number: string): readonly Run[];
  /** Runs of all branches that CI has listed, and that could not be read there: nobody is asked. */
  peekUnread(): readonly UnreadRun[];
}

export interface PullRequestHead {
  readonly kind: 'known';
  /** It was not opened before this moment, by our own clock, milliseconds since the epoch; null: the provider does not tell. */
  readonly openedAfter: number | null;
  /** Null when the head repository is gone. */
  readonly headRepositoryId: string | null;
  readonly foreign: boolean;
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

/** What an upstream said, as one replica tells the others. */
export interface Publication {
  readonly text: string;
  /** Milliseconds since upstream was asked, by the exchange's own clock: those of two replicas may differ. */
  readonly ageMs: number;
}

/** Where replicas tell each other what upstream said. Never throws: without it, each goes on by itself. */
export interface Exchange {
  /**
   * What was published, and this replica's turn to ask upstream, in one question.
   * @param goodForMs the turn is taken only where nothing is published that is as young; -1: whatever is
   * @param turnForMs milliseconds that the turn lasts at most
   * @returns the turn unless another one has it, or it was not taken; also when nobody can tell
   */
  look(topic: string, goodForMs: number, turnForMs: number): Promise<Look>;
  /** Unless a newer one is there. Nobody waits for it. */
  publish(topic: string, publication: Publication, keepForMs: number): void;
  /** Asking here takes longer than asking a registry. */
  isSlow(): boolean;
}

export interface Look {
  readonly publication?: Publication | undefined;
  readonly turn?: Turn | undefined;
}

/** One of the two ends it. Nobody waits for that. */
export interface Turn {
  end(): void;
  publish(publication: Publication, keepForMs: number): void;
}

/** Told how the store does, for metrics. */
export interface StoreObserver {
  storeFailed(): void;
  storeUp(up: boolean): void;
}

/* ---------- what talks to upstream ---------- */

/** One page of runs, newest first. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** More pages follow. */
  readonly more: boolean;
  /** How many runs the whole list has, as this answer says: by it a list that changes between two pages is noticed. */
  readonly total: number;
  /** Makes the next request for the same page conditional (ETag). */
  readonly validator?: string;
  /** When upstream was asked, milliseconds since the epoch, if that was not now: another replica asked. */
  readonly asOf?: number;
  /** Elements of the page that are no runs as the provider describes them; left out: none. */
  readonly unread?: readonly UnreadRun[];
  /** The provider shows no more of the list, although there may be more. */
  readonly cut?: boolean;
  /** `total` says that there is one run more than is shown: such counts lag behind, but one may have been left out. */
  readonly short?: boolean;
  /** What upstream's own clock said when it answered, milliseconds since the epoch; left out: it did not tell. */
  readonly clock?: number;
}

/** A run of which a list shows nothing that can be relied on: it may be anything, also the newest green one. */
export interface UnreadRun {
  /** Each of these: null where it cannot be read. */
  readonly id: string | null;
  readonly branch: string | null;
  readonly commit: string | null;
  /** No later than this, milliseconds since the epoch; null: it stands first on its page. */
  readonly createdAt: number | null;
  /** `a field updated_at` */
  readonly problem: string;
}

/** A CI provider fetches and translates; sorting, selecting and caching is done elsewhere. Each method throws `UpstreamError`. */
export interface CiProvider {
  /** The host that is asked, for messages. */
  readonly host: string;
  /**
   * A page of the repository's runs, without filter: GitHub serves filtered lists from a search index that may be stale by weeks
   * (dawidd6/action-download-artifact#147).
   * @param page counts from 1
   */
  fetchRuns(gitRepository: string, page: number, validator?: string): Promise<RunPage | 'unchanged'>;
  /**
   * A page of one branch's runs; only for a branch that the listing does not show.
   * @param createdBy only runs that were created then or before, milliseconds since the epoch: where a list is cut, a further one
   */
  fetchBranchRuns(gitRepository: string, branch: string, page: number, createdBy?: number): Promise<RunPage>;
  /** One run; `gone` when it was deleted. */
  fetchRun(gitRepository: string, id: string): Promise<Run | 'gone'>;
  fetchPullRequest(gitRepository: string, number: string): Promise<PullRequestHead>;
  /** Another number whenever the secret that calls are made with has changed: what was denied may be allowed now. */
  readonly generation?: () => number;
  /** One cheap call that proves connection, credentials and repository; a sentence on what was seen. */
  probe(gitRepository: string): Promise<string>;
}

/** A workflow's file, as CI knows it. */
export interface Workflow {
  /** `.github/workflows/build.yml` */
  readonly path: string;
  /** Why CI does not run it, in the provider's own word (`disabled_manually`); null: it does. */
  readonly disabled: string | null;
}

/** What `greenpin check` asks of CI beside `probe`; not for answers. Each method throws `UpstreamError`. */
export interface CiInspector {
  /** Those that are in the repository or have run; undefined: there are too many to tell. */
  fetchWorkflows(gitRepository: string): Promise<readonly Workflow[] | undefined>;
  /** Proves that the credentials may read pull requests. */
  probePullRequests(gitRepository: string): Promise<void>;
}

/** What a registry says of one reference. Three-way on purpose: a fault is never "absent". */
export type DigestResult =
  | {
      readonly kind: 'found';
      readonly digest: Digest;
      readonly mediaType: string;
      /** When the registry was asked, milliseconds since the epoch, if that was not now: another replica asked. */
      readonly asOf?: number;
    }
  | {
      readonly kind: 'absent';
      readonly asOf?: number;
      /** `manifest`: the tag (or platform) is not there; `repository`: the whole image repository is not, often a typo. */
      readonly missing: 'manifest' | 'repository';
      readonly reason: string;
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** From when on, in milliseconds since the epoch, an answer is new enough that another replica was given. */
export interface NewEnough {
  readonly found: number;
  readonly absent: number;
}

/** The registries. Never throws. */
export interface RegistryClient {
  resolveDigest(reference: ImageReference, platform?: Platform, newEnough?: NewEnough): Promise<DigestResult>;
  /** Reads the image's configuration; `reference` must bear a digest. */
  resolveRevision(reference: ImageReference, platform?: Platform): Promise<RevisionResult>;
}

/** Told about each upstream request, for metrics. */
export interface UpstreamObserver {
  /** @param status HTTP status, or the failure's kind when no answer came */
  requested(host: string, status: number | string): void;
  /**
   * @param connection name of the CI connection in the configuration
   * @param resetsAt when all calls are there again, milliseconds since the epoch; Infinity: it was not said
   */
  quota(connection: string, remaining: number, limit: number, resetsAt: number): void;
  /**
   * @param connection name of the CI connection in the configuration
   * @param count elements of one of its lists that could not be read and were skipped
   * @param problem what is wrong with the first of them, for a person
   */
  skipped?(connection: string, count: number, problem: string): void;
}

/** Told once whom to ask how long an answer of CI is good enough, for metrics: it stretches as the quota comes to its end. */
export interface FreshnessObserver {
  /**
   * @param connection name of the CI connection in the configuration
   * @param read milliseconds, as they are now
   */
  freshFor(connection: string, read: () => number): void;
}
