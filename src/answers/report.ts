/** The report of `greenpin resolve --json`: one answer and its reasons. Pure. */
import type { Decision } from '../resolve/decision.ts';
import { createParameterSet, type ParameterSet } from '../wire/argocd/parameter-set.ts';
import type { Resolution } from '../resolve/resolve-branch.ts';
import type { ImageFinding, ImageFindings } from '../resolve/resolve-images.ts';
import type { EvaluatedBuild } from '../resolve/select-builds.ts';
import type { BranchRequest, Run } from '../resolve/types.ts';

/** Stable and documented. Times are in RFC 3339. */
export interface ResolveReport {
  readonly project: string;
  readonly gitRepository: string;
  readonly branch: string;
  readonly headSha: string | null;
  readonly number: string | null;
  readonly answer: AnswerReport;
  /** The branch's builds, newest first. */
  readonly builds: readonly BuildReport[];
  /** The number of runs that do not count, by reason. */
  readonly ignoredRuns: Readonly<Record<string, number>>;
}

type AnswerReport =
  | {
      readonly kind: 'answered' | 'nothing';
      readonly freshness: 'fresh' | 'stale';
      readonly asOf: string;
      readonly because: string;
      readonly parameters: readonly ParameterSet[];
    }
  | { readonly kind: 'failed'; readonly error: string; readonly message: string };

interface BuildReport {
  readonly commit: string;
  readonly number: string;
  readonly url: string;
  readonly verdict: EvaluatedBuild['status'];
  readonly reason: string;
  readonly finishedAt: string;
  /** By name; null if the images were not looked up. */
  readonly images: Readonly<Record<string, ImageReport>> | null;
  readonly runs: readonly RunReport[];
}

type ImageReport =
  | {
      readonly kind: 'found';
      readonly reference: string;
      readonly digest: string;
      /** The commit of the earlier build that pushed it (`onMissing: previous`), else null. */
      readonly fromCommit: string | null;
    }
  | { readonly kind: 'absent' | 'failed'; readonly reference: string; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string };

interface RunReport {
  readonly id: string;
  readonly attempt: number;
  /** Null if runs of this CI system belong to no workflow. */
  readonly workflow: string | null;
  readonly event: string;
  readonly outcome: string;
  readonly url: string;
}

export function createResolveReport(request: BranchRequest, resolution: Resolution): ResolveReport {
  const findings = new Map(resolution.examined.map(({ evaluated, findings: found }) => [evaluated, found]));
  return {
    project: request.project.name,
    gitRepository: request.project.gitRepository,
    branch: request.branch,
    headSha: request.headSha ?? null,
    number: request.number ?? null,
    answer: reportAnswer(resolution.decision, request),
    builds: resolution.builds.map((evaluated) => reportBuild(evaluated, findings.get(evaluated))),
    ignoredRuns: Object.fromEntries(resolution.ignored),
  };
}

function reportAnswer(decision: Decision, request: BranchRequest): AnswerReport {
  if (decision.kind === 'failed') return { kind: 'failed', error: decision.code, message: decision.message };
  const { kind, because } = decision;
  const asOf = new Date(decision.asOf).toISOString();
  return decision.kind === 'answered'
    ? {
        kind,
        freshness: decision.freshness,
        asOf,
        because,
        parameters: [createParameterSet(decision.set, request)],
      }
    : { kind, freshness: 'fresh', asOf, because, parameters: [] };
}

function reportBuild(evaluated: EvaluatedBuild, findings: ImageFindings | undefined): BuildReport {
  const { commit, number, url, finishedAt } = evaluated.build;
  return {
    commit,
    number,
    url,
    verdict: evaluated.status,
    reason: evaluated.reason,
    finishedAt: new Date(finishedAt).toISOString(),
    images:
      findings === undefined
        ? null
        : Object.fromEntries([...findings].map(([name, finding]) => [name, reportImage(finding)])),
    runs: evaluated.runs.map(reportRun),
  };
}

function reportImage(finding: ImageFinding): ImageReport {
  switch (finding.kind) {
    case 'pinned': {
      const { repository, tag, digest } = finding.image;
      return {
        kind: 'found',
        reference: `${repository}:${tag}`,
        digest,
        fromCommit: finding.from?.commit ?? null,
      };
    }
    case 'absent':
      return { kind: 'absent', reference: finding.reference, reason: finding.reason };
    case 'failed':
      return { kind: 'failed', reference: finding.reference, reason: finding.failure.message };
    case 'invalid':
      return { kind: 'invalid', reason: finding.reason };
  }
}

function reportRun({ id, attempt, workflow, event, outcome, url }: Run): RunReport {
  return { id, attempt, workflow, event, outcome, url };
}
