/**
 * The core's values. Everything here is provider-neutral and already checked: what comes from outside is parsed at the edge
 * (`wire/`, `config/`, `ci/`, `registry/`).
 */
import type { ImageTemplate } from '../image/template.ts';
import type { Digest, Platform } from '../image/image.ts';

/** How one image of a project is found and evaluated (design §3, `images`). */
export interface ImageRule {
  readonly name: string;
  readonly template: ImageTemplate;
  /** Resolve to this platform's manifest inside an index instead of to the index. */
  readonly platform?: Platform;
  /**
   * The repository (registry and path) that is handed out in place of the one that is asked: a mirror, a pull-through cache. It is put in
   * when a set is written out and is part of nothing that is remembered, and no registry is asked for it.
   */
  readonly handOut?: string;
  readonly onMissing: 'reject' | 'previous';
  readonly revision: 'auto' | 'require' | 'ignore';
}

/** A project of the configuration (design §3, `projects`). */
export interface Project {
  readonly name: string;
  /** Name of the CI connection in the configuration. */
  readonly ci: string;
  /** Name of the connection that knows its pull requests; undefined if none does. */
  readonly git?: string | undefined;
  /** The Git repository as the CI provider names it: `acme/shop`. */
  readonly gitRepository: string;
  /** Workflow paths that must be green; empty: every workflow that ran for the commit. */
  readonly workflows: readonly string[];
  /** Events whose runs count, most trusted first. */
  readonly events: readonly string[];
  readonly forks: boolean;
  /** How many green builds are looked at, the newest included, before giving up on a complete one. */
  readonly lookback: number;
  readonly onNoBuild: 'empty' | 'error';
  readonly images: readonly ImageRule[];
}

/** One question: what should this branch run? */
export interface BranchRequest {
  readonly project: Project;
  readonly branch: string;
  /** Lower-case hex: a full commit, or the beginning of one, of 12 digits at least (Bitbucket Cloud gives no more). */
  readonly headSha?: string | undefined;
  /** The pull request's number, canonical digits. */
  readonly number?: string | undefined;
}

/** One execution of a workflow in CI, translated by its provider. */
export interface Run {
  readonly id: string;
  readonly number: string;
  readonly attempt: number;
  /**
   * The workflow as the configuration names it (GitHub: its path, `.github/workflows/build.yml`); null if runs of this CI system belong
   * to no workflow.
   */
  readonly workflow: string | null;
  /** The provider's own id of the workflow, since two can share a name (an organization's and ours); null if it has none. */
  readonly workflowId: string | null;
  /** Null where the run names none. Providers whose pull-request runs name only the number set `pullRequest`. */
  readonly branch: string | null;
  /** The pull request's number, where the run names one in place of a branch; else null. */
  readonly pullRequest: string | null;
  /** What `branch` names. A tag may bear a branch's name; `unknown`: the provider does not tell, and it counts as a branch. */
  readonly refKind: 'branch' | 'tag' | 'pull_request' | 'unknown';
  /** Full commit SHA, lower case: the branch's (or pull request's) head that was built. */
  readonly commit: string;
  /** The commit that CI checked out; null: another than `commit` that is not known, such as a pull request's merge commit. */
  readonly builtCommit: string | null;
  readonly event: string;
  /** `skipped`: no job ran. */
  readonly state: 'running' | 'success' | 'unsuccessful' | 'skipped';
  /** The provider's own word for the state: `in_progress`, `failure`, `cancelled`, `skipped`. */
  readonly outcome: string;
  /** Id of the repository that the commit lies in; null when that repository is gone. */
  readonly headRepositoryId: string | null;
  /**
   * Whether the commit lies in the repository itself or in another one (or one that was deleted). `unknown`: the provider does not say,
   * so the run counts as foreign until the pull request's record says that it is our own.
   */
  readonly origin: 'own' | 'foreign' | 'unknown';
  /** The run has credentials of the repository, so that it may have pushed images: a fork's pull request gets none. */
  readonly mayPush: boolean;
  readonly url: string;
  /** Where the run stands in its repository's listing: rises from run to run; kept by a re-run. Compares within one connection only. */
  readonly position: number;
  /** Orders runs at the same position, as text. Rises with creation; empty where the provider has nothing that does (random ids). */
  readonly tie: string;
  /** Milliseconds since the epoch, kept by a re-run; null where the provider reports none. */
  readonly createdAt: number | null;
  /** When this attempt began, milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds since the epoch; of a finished run, about when it finished. */
  readonly updatedAt: number;
  /** When the commit was made, milliseconds since the epoch; null when the provider does not tell. */
  readonly committedAt: number | null;
}

/** A commit's finished and green result: what the parameter set's `build` tells (design §1). */
export interface Build {
  /** Name of the CI connection, and the Git repository: what CI says of one means nothing for another. */
  readonly ci: string;
  readonly gitRepository: string;
  /** Head of the branch or pull request. */
  readonly commit: string;
  /** The commit that CI checked out, which tags and revisions name; equals `commit` where CI does not say. */
  readonly builtCommit: string;
  readonly branch: string;
  readonly id: string;
  readonly number: string;
  readonly attempt: string;
  readonly url: string;
  /** Event of the run that stands for the build. */
  readonly event: string;
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
  /** Where the build stands among the branch's builds: the position of its newest run. Compares within one connection only. */
  readonly position: number;
  /** Orders builds at the same position (`Run.tie` of the newest run). */
  readonly tie: string;
}

/** An image with the digest that a build's tag had in the registry, and what it was made for. */
export interface PinnedImage {
  /** Registry and path: `ghcr.io/acme/shop-front`. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest;
  /** The rule that it was found by (`ruleKey`): under another template or for another platform it is not the answer. */
  readonly rule: string;
  /** `Build.builtCommit` of the build that pushed it: the set's own, or an older one (`onMissing: previous`). */
  readonly commit: string;
  /** Where that build stands, as in `Build`. */
  readonly position: number;
  /** The build's runs and their attempts, when the digest was found: `101:1 102:3`. One more attempt may have pushed another image. */
  readonly runs: string;
}

/** Every image of a project, from one build. */
export interface PinnedSet {
  readonly build: Build;
  readonly images: Readonly<Record<string, PinnedImage>>;
}

/** The set that was last handed out for a branch and pull request, and when upstream last confirmed it. */
export interface LastGood {
  readonly set: PinnedSet;
  /** Milliseconds since the epoch. */
  readonly confirmedAt: number;
}
