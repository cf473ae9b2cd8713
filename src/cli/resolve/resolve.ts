/** `greenpin resolve`: one answer and its reasons. */
import { composeCore } from '../../compose/core.ts';
import type { Config } from '../../config/config.ts';
import { ApiError } from '../../errors.ts';
import { parseBranchRequest } from '../../wire/argocd/request.ts';
import type { Resolution } from '../../resolve/resolve-branch.ts';
import type { BranchRequest } from '../../resolve/types.ts';
import { createCommandRuntime } from '../command-runtime.ts';
import { loadCommandConfig, type CommandContext } from '../context.ts';
import { formatJson } from '../../text/quote.ts';
import { findHints } from './hints.ts';
import { createResolveReport } from '../../answers/report.ts';
import { formatResolveReport } from './text.ts';
import { createColors } from '../terminal/colors.ts';
import { fitLines, terminalWidth } from '../terminal/table.ts';
import { UsageError } from '../diagnostics.ts';

export interface ResolveOptions {
  readonly config?: string;
  readonly project?: string;
  readonly branch: string;
  readonly headSha?: string;
  readonly number?: string;
  readonly targetBranch?: string;
  readonly json?: boolean;
}

const EXIT = { answered: 0, nothing: 3, failed: 1 } as const;

/**
 * @returns exit status: 0 answered, 3 nothing to deploy, 1 failed
 * @throws ConfigError, or UsageError for an invalid option
 */
export async function resolve(options: ResolveOptions, context: CommandContext): Promise<number> {
  const config = await loadCommandConfig(options, context);
  const request = parseRequest(options, config);
  const runtime = createCommandRuntime(context);
  const resolution = await composeCore(config, runtime).resolve(request);
  const report = createResolveReport(request, resolution);
  const hints = findHints(request, resolution);
  const text =
    options.json === true
      ? formatJson({ ...report, hints })
      : fit(formatResolveReport(report, createColors(context), hints), context);
  context.stdout.write(`${text}\n`);
  runtime.flushWarnings(listFailures(resolution));
  return EXIT[resolution.decision.kind];
}

/** Wraps lines for people only, since programs look for whole lines. */
function fit(text: string, { stdout }: CommandContext): string {
  return stdout.isTTY === true ? fitLines(text, terminalWidth(stdout)) : text;
}

/** @returns the failures that the report explains */
function listFailures({ decision, examined }: Resolution): string[] {
  const images = examined.flatMap(({ findings }) => [...findings.values()]);
  return [
    ...(decision.kind === 'failed' && decision.failure !== undefined ? [decision.failure.message] : []),
    ...images.flatMap((image) => (image.kind === 'failed' ? [image.failure.message] : [])),
  ];
}

/** Applies the rules of a plugin call, so that the explained answer is the one Argo CD would get. */
function parseRequest(
  { project, branch, headSha, number, targetBranch }: ResolveOptions,
  { projects }: Config,
): BranchRequest {
  try {
    return parseBranchRequest(
      { project, branch, head_sha: headSha, number, target_branch: targetBranch },
      projects,
    );
  } catch (error) {
    if (error instanceof ApiError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
