/** `greenpin digest`: resolves tags to digests. */
import { existsSync } from 'node:fs';
import { composeRegistries } from '../compose/registries.ts';
import type { Config } from '../config/config.ts';
import { expandHome } from '../secrets/secret.ts';
import type { HttpRegistryClient } from '../registry/client.ts';
import { parseReference } from '../image/reference.ts';
import { createCommandRuntime, type CommandRuntime } from './command-runtime.ts';
import { loadCommandConfig, type CommandContext } from './context.ts';
import { UsageError, writeDiagnostic } from './diagnostics.ts';
import { formatJson } from '../text/quote.ts';
import type { ImageReference, Platform } from '../image/image.ts';
import { parsePlatform } from '../image/platform.ts';

export interface DigestOptions {
  readonly config?: string;
  readonly dockerConfig?: readonly string[];
  readonly platform?: string;
  readonly json?: boolean;
}

/** The documented shape of one image in `greenpin digest --json`; stable. */
type DigestReport =
  | { readonly image: string; readonly kind: 'found'; readonly digest: string }
  | { readonly image: string; readonly kind: 'absent' | 'failed' | 'invalid'; readonly reason: string };

/** From best to worst, with their exit statuses. */
const STATUS = { found: 0, absent: 3, failed: 1, invalid: 2 } as const;
const SEVERITY = Object.keys(STATUS);

const NO_CONFIG: Pick<Config, 'registries' | 'dockerConfigFiles'> = {
  registries: new Map(),
  dockerConfigFiles: [],
};

/** The default of `server.deadline` allows one call the same time. */
const TIMEOUT_MS = 10_000;

/**
 * Prints `DIGEST` for one image and `IMAGE DIGEST` lines for several, in the given order and as soon as each
 * is known, even if others are not found. With `json`, prints one document with all outcomes at the end.
 * @returns the exit status of the worst outcome
 * @throws ConfigError, or UsageError for an invalid option
 */
export async function digest(
  images: readonly string[],
  options: DigestOptions,
  context: CommandContext,
): Promise<number> {
  const { stdout, stderr } = context;
  const platform = options.platform === undefined ? undefined : parsePlatformOption(options.platform);
  const runtime = createCommandRuntime(context);
  const client = await createClient(options, context, runtime);
  const reports: DigestReport[] = [];
  for (const pending of images.map((image) => resolveImage(image, platform, client))) {
    const report = await pending;
    reports.push(report);
    if (options.json === true) continue;
    if (report.kind !== 'found') writeDiagnostic(stderr, report.reason);
    else stdout.write(images.length === 1 ? `${report.digest}\n` : `${report.image} ${report.digest}\n`);
  }
  if (options.json === true) stdout.write(`${formatJson({ images: reports })}\n`);
  runtime.flushWarnings(reports.flatMap((report) => (report.kind === 'found' ? [] : [report.reason])));
  const worst = Math.max(0, ...reports.map(({ kind }) => SEVERITY.indexOf(kind)));
  return Object.values(STATUS)[worst] ?? STATUS.invalid;
}

function parsePlatformOption(platform: string): Platform {
  try {
    return parsePlatform(platform);
  } catch (error) {
    throw new UsageError(`--platform: ${messageOf(error)}`, { cause: error });
  }
}

async function createClient(
  options: DigestOptions,
  context: CommandContext,
  runtime: CommandRuntime,
): Promise<HttpRegistryClient> {
  const { registries, dockerConfigFiles } =
    options.config === undefined ? NO_CONFIG : await loadCommandConfig(options, context);
  const given = (options.dockerConfig ?? []).map((path) => expandHome(path, context.env['HOME']));
  for (const file of given) requireFile(file);
  const files = [...given, ...dockerConfigFiles];
  return composeRegistries({ registries, dockerConfigFiles: files }, TIMEOUT_MS, runtime);
}

function requireFile(file: string): void {
  if (existsSync(file)) return;
  throw new UsageError(`--docker-config: found nothing at ${JSON.stringify(file)}, expected a file`);
}

async function resolveImage(
  image: string,
  platform: Platform | undefined,
  client: HttpRegistryClient,
): Promise<DigestReport> {
  let reference: ImageReference;
  try {
    reference = parseReference(image);
  } catch (error) {
    return { image, kind: 'invalid', reason: messageOf(error) };
  }
  const result = await client.resolveDigest(reference, platform);
  if (result.kind === 'found') return { image, kind: 'found', digest: result.digest };
  const reason = result.kind === 'absent' ? result.reason : `${image}: ${result.failure.message}`;
  return { image, kind: result.kind, reason };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
