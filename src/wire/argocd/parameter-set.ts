/** Creates the parameters for a template. Pure. */
import { branchSlug } from './branch-slug.ts';
import { digestKey } from './digest-key.ts';
import type { BranchRequest, PinnedSet } from '../../resolve/types.ts';

/** Every leaf is a string, because Argo CD would print a run id as 9.999999999e+09. */
export interface ParameterSet {
  readonly images: Readonly<Record<string, ImageParameters>>;
  readonly build: BuildParameters;
  /** `digestFront` and so on. */
  readonly [digestKey: string]: unknown;
}

interface ImageParameters {
  readonly reference: string;
  /** The rule's `handOut`, or the repository that was resolved. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

interface BuildParameters {
  readonly commit: string;
  readonly commitShort: string;
  readonly branch: string;
  readonly branchSlug: string;
  readonly id: string;
  readonly number: string;
  readonly attempt: string;
  readonly url: string;
  /** RFC 3339; empty if no CI says so. */
  readonly finishedAt: string;
  readonly isHead: 'true' | 'false' | '';
}

/** The request that a set answers. */
export interface Audience extends Pick<BranchRequest, 'headSha'> {
  readonly project: Pick<BranchRequest['project'], 'images'>;
}

/**
 * @param audience the request, with the pull request's head commit (or its first digits) if the caller passed
 *   it
 * @returns every key, whether or not its value is known, because templates run with missingkey=error
 */
export function createParameterSet(set: PinnedSet, { project, headSha }: Audience): ParameterSet {
  const digests: Record<string, string> = {};
  const images: Record<string, ImageParameters> = {};
  for (const [name, { repository: resolved, tag, digest }] of Object.entries(set.images)) {
    const repository = project.images.find((rule) => rule.name === name)?.handOut ?? resolved;
    digests[digestKey(name)] = digest;
    images[name] = { reference: `${repository}@${digest}`, repository, tag, digest };
  }
  const { commit, branch, id, number, attempt, url, finishedAt } = set.build;
  const isHead = headSha === undefined ? '' : commit.startsWith(headSha) ? 'true' : 'false';
  const build: BuildParameters = {
    commit,
    // The length of Argo CD's head_short_sha.
    commitShort: commit.slice(0, 8),
    branch,
    branchSlug: branchSlug(branch),
    id,
    number,
    attempt,
    url,
    finishedAt: finishedAt === 0 ? '' : new Date(finishedAt).toISOString(),
    isHead,
  };
  return { ...digests, images, build };
}
