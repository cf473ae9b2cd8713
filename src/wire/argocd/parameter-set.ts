/** The set of parameters that a template sees (design §1). Pure. */
import { branchSlug } from './branch-slug.ts';
import { digestKey } from './digest-key.ts';
import type { BranchRequest, PinnedSet } from '../../resolve/types.ts';

/** Every leaf is a string: Argo CD prints a JSON number as a float, so a run id would read 9.999999999e+09. */
export interface ParameterSet {
  readonly images: Readonly<Record<string, ImageParameters>>;
  readonly build: BuildParameters;
  /** `digestFront`, ... */
  readonly [digestKey: string]: unknown;
}

interface ImageParameters {
  readonly reference: string;
  /** The rule's `handOut` in place of the one that was asked. */
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
  readonly finishedAt: string;
  readonly isHead: 'true' | 'false' | '';
}

/** What a set is written out for. */
export interface Audience extends Pick<BranchRequest, 'headSha'> {
  readonly project: Pick<BranchRequest['project'], 'images'>;
}

/**
 * @param audience the question, with the pull request's head, or the beginning of it, if it was given
 * @returns every key always there, whatever is known: templates run with missingkey=error
 */
export function createParameterSet(set: PinnedSet, { project, headSha }: Audience): ParameterSet {
  const digests: Record<string, string> = {};
  const images: Record<string, ImageParameters> = {};
  for (const [name, { repository: asked, tag, digest }] of Object.entries(set.images)) {
    const repository = project.images.find((rule) => rule.name === name)?.handOut ?? asked;
    digests[digestKey(name)] = digest;
    images[name] = { reference: `${repository}@${digest}`, repository, tag, digest };
  }
  const { commit, branch, id, number, attempt, url, finishedAt } = set.build;
  const isHead = headSha === undefined ? '' : commit.startsWith(headSha) ? 'true' : 'false';
  const build: BuildParameters = {
    commit,
    // As long as Argo CD's head_short_sha.
    commitShort: commit.slice(0, 8),
    branch,
    branchSlug: branchSlug(branch),
    id,
    number,
    attempt,
    url,
    finishedAt: new Date(finishedAt).toISOString(),
    isHead,
  };
  return { ...digests, images, build };
}
