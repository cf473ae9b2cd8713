/** What triggered a build, and whose commit it built. Pure. */
import { z } from 'zod';
import type { Run } from '../../resolve/types.ts';
import { commit, text } from '../fields.ts';

/** Of `triggerInfo`, whose values are all texts. GitHub's repositories have more keys than Azure Repos'. */
const triggerInfoSchema = z
  .object({
    'pr.sourceSha': commit.nullish().catch(null),
    'pr.isFork': text.nullish().catch(null),
    'pr.triggerRepository': text.nullish().catch(null),
    'ci.triggerRepository': text.nullish().catch(null),
  })
  .catch({});

/** Of `parameters`, which is JSON as a text. */
const parametersSchema = z
  .object({ 'system.pullRequest.sourceCommitId': commit.nullish().catch(null) })
  .catch({});

interface Triggered {
  readonly reason: string;
  readonly sourceBranch?: string | null | undefined;
  readonly repository: { readonly id: string };
  readonly triggerInfo?: unknown;
  readonly parameters?: unknown;
}

export interface Trigger {
  /** The number, for the merge of a pull request. */
  readonly pullRequest: string | undefined;
  /** A pull request's head; undefined for other builds, or if the server does not tell it. */
  readonly headCommit: string | undefined;
  readonly origin: Run['origin'];
  /** Another repository triggered the build: the branch and the commit are that repository's. */
  readonly isElsewhere: boolean;
}

/** A UUID in Azure Repos, `OWNER/NAME` elsewhere. */
const REPOSITORY_ID = /^[\da-f-]{36}$|\//;

/** `sourceVersion` is then the merge commit. People can queue builds of a merge, too. */
export function isPullRequestBuild({ reason, sourceBranch }: Triggered): boolean {
  return reason === 'pullRequest' || (sourceBranch ?? '').startsWith('refs/pull/');
}

/**
 * `system.pullRequest.sourceRepositoryUri` is the target's address even for a fork, so `pr.isFork` is the
 * only proof. Without it, the pull request's record decides.
 */
export function readTrigger(build: Triggered): Trigger {
  const info = triggerInfoSchema.parse(build.triggerInfo ?? {});
  const by = (info['pr.triggerRepository'] ?? info['ci.triggerRepository'] ?? '').toLowerCase();
  const isElsewhere = REPOSITORY_ID.test(by) && by !== build.repository.id;
  if (!isPullRequestBuild(build)) {
    const origin = isElsewhere ? 'foreign' : 'own';
    return { pullRequest: undefined, headCommit: undefined, origin, isElsewhere };
  }
  const pullRequest = /^refs\/pull\/(\d+)\/\w+$/.exec(build.sourceBranch ?? '')?.[1];
  const head = info['pr.sourceSha'] ?? readParameters(build.parameters)['system.pullRequest.sourceCommitId'];
  const isFork = info['pr.isFork']?.toLowerCase();
  return {
    pullRequest,
    headCommit: head ?? undefined,
    origin: isElsewhere || isFork === 'true' ? 'foreign' : isFork === 'false' ? 'own' : 'unknown',
    isElsewhere,
  };
}

function readParameters(value: unknown): z.output<typeof parametersSchema> {
  if (typeof value !== 'string') return {};
  try {
    return parametersSchema.parse(JSON.parse(value));
  } catch {
    return {};
  }
}
