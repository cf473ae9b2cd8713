/** The report of `greenpin resolve --json`: one answer and its reasons. Pure. */
import type { Decision } from '../resolve/decision.ts';
import { createParameterSet, type ParameterSet } from '../wire/argocd/parameter-set.ts';
import type { Resolution } from '../resolve/resolve-branch.ts';
import type { ImageFinding, ImageFindings } from '../resolve/resolve-images.ts';
import type { EvaluatedBuild } from '../resolve/evaluate-build.ts';
import type { BranchRequest, GateStatus, Run } from '../resolve/types.ts';

/** Stable and documented. Times are in RFC 3339. */
export interface ResolveReport {
  readonly project: string;
  readonly gitRepository: string;
  readonly branch: string;
  readonly headSha: string | null;
  readonly number: string | null;
  readonly targetBranch: string | null;
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

export interface BuildReport {
  readonly commit: string;
  readonly number: string;
  readonly url: string;
  readonly verdict: EvaluatedBuild['status'];
  readonly reason: string;
  /** Null if no CI says so (`builds: registry`). */
  readonly finishedAt: string | null;
  /** The statuses that decided about it (`statuses`); null if none were read. */
  readonly statuses: readonly GateStatus[] | null;
  /** By name; null if the images were not looked up. */
  readonly images: Readonly<Record<string, ImageReport>> | null;
  readonly runs: readonly RunReport[];
}

export type ImageReport =
  | {
      readonly kind: 'found';
      readonly reference: string;
      readonly digest: string;
      /** The commit of the other build that pushed it (`onMissing`), else null. */
      readonly fromCommit: string | null;
      /** The target branch that this build is of (`onMissing: target`), else null. */
      readonly fromBranch: string | null;
    }
  | { readonly kind: 'absent' | 'failed'; readonly reference: string; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string };

type RunReport = Pick<Run, 'id' | 'attempt' | 'workflow' | 'event' | 'outcome' | 'url'>;

export function createResolveReport(request: BranchRequest, resolution: Resolution): ResolveReport {
  const findings = new Map(resolution.examined.map(({ evaluated, findings: found }) => [evaluated, found]));
  return {
    project: request.project.name,
    gitRepository: request.project.gitRepository,
    branch: request.branch,
    headSha: request.headSha ?? null,
    number: request.number ?? null,
    targetBranch: request.targetBranch ?? null,
    answer: reportAnswer(resolution.decision, request),
    builds: resolution.builds.map((evaluated) => reportBuild(evaluated, findings.get(evaluated))),
    ignoredRuns: Object.fromEntries(resolution.ignored),
  };
}

function reportAnswer(decision: Decision, request: BranchRequest): AnswerReport {
  if (decision.kind === 'failed') return { kind: 'failed', error: decision.code, message: decision.message };
  const { kind, freshness, because } = decision;
  const asOf = new Date(decision.asOf).toISOString();
  const parameters = kind === 'answered' ? [createParameterSet(decision.set, request)] : [];
  return { kind, freshness, asOf, because, parameters };
}

function reportBuild(evaluated: EvaluatedBuild, findings: ImageFindings | undefined): BuildReport {
  const { commit, number, url, finishedAt } = evaluated.build;
  const images = findings && [...findings].map(([name, finding]) => [name, reportImage(finding)]);
  return {
    commit,
    number,
    url,
    verdict: evaluated.status,
    reason: evaluated.reason,
    finishedAt: finishedAt === 0 ? null : new Date(finishedAt).toISOString(),
    statuses: evaluated.statuses ?? null,
    images: images === undefined ? null : Object.fromEntries(images),
    runs: evaluated.runs.map(reportRun),
  };
}

function reportImage(finding: ImageFinding): ImageReport {
  switch (finding.kind) {
    case 'pinned': {
      const { repository, tag, digest, target: fromBranch = null } = finding.image;
      const fromCommit = finding.from?.commit ?? null;
      return { kind: 'found', reference: `${repository}:${tag}`, digest, fromCommit, fromBranch };
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
