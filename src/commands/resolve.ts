/** `greenpin resolve`: one answer, and why. */
import { composeCore } from '../compose.ts';
import { parseGetParams } from '../http/parameters.ts';
import { createCommandWorld, loadCommandConfig, type CommandContext } from './context.ts';
import { createResolveReport } from './resolve-report.ts';
import { formatResolveReport } from './resolve-text.ts';
import { createPaint } from './style.ts';

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
 * @throws ConfigError, or ApiError for a parameter that is not valid
 */
export async function resolve(options: ResolveOptions, context: CommandContext): Promise<number> {
  const config = loadCommandConfig(options, context);
  const { project, branch, headSha, number } = options;
  // The same rules as for a call, so that what is explained is what Argo CD would get.
  const request = parseGetParams(
    { input: { parameters: { project, branch, head_sha: headSha, number } } },
    config.projects,
  );
  const { stdout } = context;
  const core = composeCore(config, createCommandWorld(context));
  const resolution = await core.resolve(request);
  const report = createResolveReport(request, resolution);
  const text = options.json
    ? JSON.stringify(report, null, 2)
    : formatResolveReport(report, createPaint(stdout));
  stdout.write(`${text}\n`);
  return EXIT[resolution.decision.kind];
}
