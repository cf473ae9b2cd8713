/** The core's values: provider-neutral, and validated on input. */
import type { ImageTemplate } from '../image/template.ts';
import type { Digest, Platform } from '../image/image.ts';

/** One entry of a project's `images`. */
export interface ImageRule {
  readonly name: string;
  readonly template: ImageTemplate;
  /** Resolve to this platform's manifest inside an index instead of to the index. */
  readonly platform?: Platform | undefined;
  /**
   * Registry and path of a mirror or pull-through cache, which replace the template's in the parameter set.
   * Never requested, and not stored.
   */
  readonly handOut?: string | undefined;
  /** The workflow that pushes the image, in the words of `Run.workflow`; undefined: no certain one. */
  readonly workflow?: string | undefined;
  /** `target`: like `previous`, and then the target branch's newest green build. */
  readonly onMissing: 'reject' | 'previous' | 'target';
  readonly revision: 'auto' | 'require' | 'ignore';
}

export interface Project {
  readonly name: string;
  /**
   * What a build is:
   * - `runs`: a commit with CI's runs of it
   * - `statuses`: a commit that was pushed and whose `statuses` are green, whatever CI set them
   * - `registry`: the commit that the call names; no CI is asked
   */
  readonly builds: 'runs' | 'statuses' | 'registry';
  /** Name of the CI connection in the configuration; empty if no CI is asked. */
  readonly ci: string;
  /** Name of the connection that serves its pull requests; undefined if there is none. */
  readonly git?: string | undefined;
  /** The Git repository as the Git host names it: `acme/shop`. */
  readonly gitRepository: string;
  /** What the CI provider lists the runs of: the Git repository, or a name of CI's own (a Jenkins job). */
  readonly ciRepository: string;
  /** Statuses and checks, by name or glob, that must be successful as well; empty: none. */
  readonly statuses: readonly string[];
  /**
   * Workflows, by name or id, that must be green; empty: every workflow that ran for the commit. One that an
   * image names (`ImageRule.workflow`) is required of that image only.
   */
  readonly workflows: readonly string[];
  /** Events whose runs count, most trusted first. */
  readonly events: readonly string[];
  readonly forks: boolean;
  /** Whether a run that waits for a person counts as green. */
  readonly blocked?: 'pending' | 'success' | undefined;
  /** Number of green builds to search for a complete one, the newest included. */
  readonly lookback: number;
  readonly onNoBuild: 'empty' | 'error';
  /** Maximum age of its answers in milliseconds; undefined: as its connection and the server say. */
  readonly freshForMs?: number | undefined;
  readonly images: readonly ImageRule[];
}

export interface BranchRequest {
  readonly project: Project;
  readonly branch: string;
  /** Lower-case hex: a full commit, or at least its first 12 digits (Bitbucket Cloud gives no more). */
  readonly headSha?: string | undefined;
  /** The pull request's number: digits without leading zeros. */
  readonly number?: string | undefined;
  /** The branch that the pull request is to be merged into. */
  readonly targetBranch?: string | undefined;
}

/** One execution of a workflow in CI, translated by its provider. */
export interface Run {
  readonly id: string;
  readonly number: string;
  readonly attempt: number;
  /**
   * The workflow as the configuration names it (GitHub: its path, `.github/workflows/build.yml`); null if
   * runs of this CI system belong to no workflow.
   */
  readonly workflow: string | null;
  /** The provider's id of the workflow, since an organization's may have the same name; null if none. */
  readonly workflowId: string | null;
  /** Null if the run has no branch; then `pullRequest` may be set. */
  readonly branch: string | null;
  /**
   * The branch for whose merge queue the run tested a commit on a branch of the queue's own. The commit becomes
   * the head of this branch if the queue merges it.
   */
  readonly queuedFor?: string | undefined;
  /** The pull request's number, for a run that names it instead of a branch; otherwise null. */
  readonly pullRequest: string | null;
  /** The kind of ref in `branch`, since a Git tag may have a branch's name. `unknown` counts as a branch. */
  readonly refKind: 'branch' | 'tag' | 'pull_request' | 'unknown';
  /** Full commit SHA, lower case: the branch's (or pull request's) head that was built. */
  readonly commit: string;
  /** The commit that CI checked out; null if not reported (a pull request's merge commit). */
  readonly builtCommit: string | null;
  readonly event: string;
  /**
   * - `skipped`: no job ran
   * - `blocked`: it waits for a person (a manual step, an approval), and nothing failed
   */
  readonly state: 'running' | 'blocked' | 'success' | 'unsuccessful' | 'skipped';
  /** The provider's own word for the state: `in_progress`, `failure`, `cancelled`, `skipped`. */
  readonly outcome: string;
  /** Id of the repository that contains the commit; null if that was deleted, or if CI does not name it. */
  readonly headRepositoryId: string | null;
  /**
   * Whether the commit is in the repository itself or in another one (which may be deleted). If unknown, the
   * run counts as foreign until the pull request's record says that it is our own.
   */
  readonly origin: 'own' | 'foreign' | 'unknown';
  /** False for runs without the repository's credentials, such as those of a fork's pull request. */
  readonly mayPush: boolean;
  readonly url: string;
  /** Increases from run to run of a repository; a re-run keeps it. Comparable within one connection only. */
  readonly position: number;
  /** Orders runs at the same position, as text, by creation; empty if nothing can (random ids). */
  readonly tie: string;
  /** Milliseconds since the epoch, kept by a re-run; null if unknown. */
  readonly createdAt: number | null;
  /** When this attempt began, milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds since the epoch; for a finished run, about when it finished. */
  readonly updatedAt: number;
  /** When the commit was made, milliseconds since the epoch; null if unknown. */
  readonly committedAt: number | null;
}

/** A status or check that other systems set on a commit. */
export interface GateStatus {
  readonly context: string;
  /** The host's own word: `success`, `timed_out`. */
  readonly outcome: string;
  /** Empty if there is none. */
  readonly url: string;
}

/** The runs of a commit, taken together. */
export interface Build {
  /** Name of the CI connection, and of its list (`listingOf`). Positions mean nothing in another one. */
  readonly ci: string;
  readonly gitRepository: string;
  /** Head of the branch or pull request. */
  readonly commit: string;
  /** The commit that CI checked out, which tags and revisions name; `commit` if unknown. */
  readonly builtCommit: string;
  readonly branch: string;
  /** The merge queue's own branch that CI built, and that tags name in place of `branch`. */
  readonly queueBranch?: string | undefined;
  readonly id: string;
  readonly number: string;
  readonly attempt: string;
  readonly url: string;
  /** Event of the run that represents the build. */
  readonly event: string;
  /** Milliseconds since the epoch; 0 if no CI says so (`builds: registry`). */
  readonly finishedAt: number;
  /** Position of its newest run. */
  readonly position: number;
  /** `Run.tie` of its newest run. */
  readonly tie: string;
}

export interface PinnedImage {
  /** Registry and path: `ghcr.io/acme/shop-front`. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest;
  /** Key of the rule that found it (`ruleKey`), since it is not valid for another template or platform. */
  readonly rule: string;
  /** `Build.builtCommit` of the set's build, or of another one (`onMissing`). */
  readonly commit: string;
  /** `Build.position` of that build. */
  readonly position: number;
  /** The build's runs and attempts (`101:1 102:3`), since a later attempt may push another image. */
  readonly runs: string;
  /** The target branch whose build it is (`onMissing: target`); undefined: the branch's own build. */
  readonly target?: string | undefined;
}

/** Every image of a project, from one build unless `onMissing` says otherwise. */
export interface PinnedSet {
  readonly build: Build;
  readonly images: Readonly<Record<string, PinnedImage>>;
}

/** The set that was handed out last for a branch and pull request. */
export interface LastGood {
  readonly set: PinnedSet;
  /** When upstream last confirmed it, milliseconds since the epoch. */
  readonly confirmedAt: number;
}
