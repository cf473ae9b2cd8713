/** `greenpin resolve`: one answer, and why. */
import { composeCore } from '../../compose/core.ts';
import type { Config } from '../../config/config.ts';
import { ApiError } from '../../errors.ts';
import { parseBranchRequest } from '../../wire/argocd/request.ts';
import type { Resolution } from '../../resolve/resolve-branch.ts';
import type { BranchRequest } from '../../resolve/types.ts';
import { createCommandWorld } from '../command-runtime.ts';
import { loadCommandConfig, type CommandContext } from '../context.ts';
import { formatJson } from '../../text/escape-control.ts';
import { noteResolution } from './hints.ts';
import { createResolveReport } from '../../answers/report.ts';
import { formatResolveReport } from './text.ts';
import { createPaint } from '../terminal/color.ts';
import { fitLines, terminalWidth } from '../terminal/table.ts';
import { UsageError } from '../usage-error.ts';

export interface ResolveOptions {
  readonly config?: string;
  readonly project?: string;
  readonly branch: string;
  readonly headSha?: string;
  readonly number?: string;
  readonly json?: boolean;
}

const EXIT = { answered: 0, nothing: 3, failed: 1 } as const;

/**
 * @returns exit status: 0 answered, 3 nothing to deploy, 1 failed
 * @throws ConfigError, or UsageError for an option that is not valid
 */
export async function resolve(options: ResolveOptions, context: CommandContext): Promise<number> {
  const config = loadCommandConfig(options, context);
  const request = parseRequest(options, config);
  const world = createCommandWorld(context);
  const core = composeCore(config, world);
  const resolution = await core.resolve(request);
  const report = createResolveReport(request, resolution);
  const text =
    options.json === true
      ? formatJson(report)
      : formatResolveReport(report, createPaint(context), noteResolution(request, resolution));
  // Other programs look for whole lines.
  const isRead = options.json !== true && context.stdout.isTTY === true;
  context.stdout.write(`${isRead ? fitLines(text, terminalWidth(context.stdout)) : text}\n`);
  world.tellWarnings(listFailures(resolution));
  return EXIT[resolution.decision.kind];
}

/** @returns what the report says has failed, and why */
function listFailures({ decision, examined }: Resolution): string[] {
  const images = examined.flatMap(({ findings }) => [...findings.values()]);
  return [
    ...(decision.kind === 'failed' && decision.failure !== undefined ? [decision.failure.message] : []),
    ...images.flatMap((image) => (image.kind === 'failed' ? [image.failure.message] : [])),
  ];
}

/** By the same rules as a call, so that what is explained is what Argo CD would get. */
function parseRequest(
  { project, branch, headSha, number }: ResolveOptions,
  { projects }: Config,
): BranchRequest {
  try {
    return parseBranchRequest({ project, branch, head_sha: headSha, number }, projects);
  } catch (error) {
    if (error instanceof ApiError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
