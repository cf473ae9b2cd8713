/** `greenpin digest`: tag to digest. */
import { statSync } from 'node:fs';
import { composeRegistries } from '../compose/registries.ts';
import type { Config } from '../config/config.ts';
import { expandHome } from '../secrets/home.ts';
import type { ProbingRegistryClient } from '../registry/client.ts';
import { parseReference } from '../image/reference.ts';
import type { Runtime } from '../compose/runtime.ts';
import { createCommandWorld } from './command-runtime.ts';
import type { CommandContext } from './context.ts';
import { complain } from './diagnostics.ts';
import { formatJson } from '../text/escape-control.ts';
import { UsageError } from './usage-error.ts';
import type { ImageReference, Platform } from '../image/image.ts';
import type { DigestResult } from '../registry/registry-client.ts';
import { parsePlatform } from '../image/platform.ts';

export interface DigestOptions {
  readonly config?: string;
  readonly dockerConfig?: readonly string[];
  readonly platform?: string;
  readonly json?: boolean;
}

/** The shape of `greenpin digest --json` for one image; stable (README). */
type DigestReport =
  | { readonly image: string; readonly kind: 'found'; readonly digest: string }
  | { readonly image: string; readonly kind: 'absent' | 'failed' | 'invalid'; readonly reason: string };

type Outcome = DigestResult | { readonly kind: 'invalid'; readonly reason: string };

/** From best to worst, with their exit statuses (design §4). */
const STATUS = { found: 0, absent: 3, failed: 1, invalid: 2 } as const;
const SEVERITY = Object.keys(STATUS);

/** As long as `server.deadline` gives one call by default. */
const TIMEOUT_MS = 10_000;

/**
 * Prints `DIGEST` for one image, `IMAGE DIGEST` lines for several, in the order given; those found are printed even when
 * others are not. With `json` it prints one document when all are known, in which the others are, too.
 * @returns exit status: of several images the worst
 * @throws ConfigError, or UsageError for an option that is not valid
 */
export async function digest(
  images: readonly string[],
  options: DigestOptions,
  context: CommandContext,
): Promise<number> {
  const { stdout, stderr } = context;
  const platform = options.platform === undefined ? undefined : parseOption(options.platform);
  const world = createCommandWorld(context);
  const client = await createClient(options, context, world);
  const told: string[] = [];
  const running = images.map(async (image) => ({
    image,
    outcome: await resolveOne(image, platform, client),
  }));
  let worst: Outcome['kind'] = 'found';
  const reports: DigestReport[] = [];
  for (const resolved of running) {
    const { image, outcome } = await resolved;
    reports.push(report(image, outcome));
    if (options.json === true) {
      if (outcome.kind !== 'found') told.push(describe(image, outcome));
    } else if (outcome.kind === 'found') {
      stdout.write(images.length === 1 ? `${outcome.digest}\n` : `${image} ${outcome.digest}\n`);
    } else {
      told.push(describe(image, outcome));
      complain(stderr, describe(image, outcome));
    }
    if (SEVERITY.indexOf(outcome.kind) > SEVERITY.indexOf(worst)) worst = outcome.kind;
  }
  if (options.json === true) stdout.write(`${formatJson({ images: reports })}\n`);
  world.tellWarnings(told);
  return STATUS[worst];
}

function report(image: string, outcome: Outcome): DigestReport {
  return outcome.kind === 'found'
    ? { image, kind: 'found', digest: outcome.digest }
    : { image, kind: outcome.kind, reason: describe(image, outcome) };
}

function parseOption(platform: string): Platform {
  try {
    return parsePlatform(platform);
  } catch (error) {
    throw new UsageError(`--platform: ${messageOf(error)}`, { cause: error });
  }
}

async function createClient(
  options: DigestOptions,
  context: CommandContext,
  world: Runtime,
): Promise<ProbingRegistryClient> {
  const { registries, dockerConfigFiles } =
    options.config === undefined ? NO_CONFIG : await loadConfig(options, context);
  const given = (options.dockerConfig ?? []).map((path) => expandHome(path, context.env['HOME']));
  for (const file of given) requireFile(file);
  return composeRegistries(
    { registries, dockerConfigFiles: [...given, ...dockerConfigFiles] },
    TIMEOUT_MS,
    world,
  );
}

const NO_CONFIG: Pick<Config, 'registries' | 'dockerConfigFiles'> = {
  registries: new Map(),
  dockerConfigFiles: [],
};

/** The schema and its library are a third of the start-up time; without a configuration they are not needed. */
async function loadConfig(options: DigestOptions, context: CommandContext): Promise<Config> {
  const { loadCommandConfig } = await import('./context.ts');
  return loadCommandConfig(options, context);
}

function requireFile(file: string): void {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return;
  throw new UsageError(`--docker-config: found nothing at ${JSON.stringify(file)}, expected a file`);
}

async function resolveOne(
  image: string,
  platform: Platform | undefined,
  client: ProbingRegistryClient,
): Promise<Outcome> {
  let reference: ImageReference;
  try {
    reference = parseReference(image);
  } catch (error) {
    return { kind: 'invalid', reason: messageOf(error) };
  }
  return client.resolveDigest(reference, platform);
}

function describe(image: string, outcome: Exclude<Outcome, { kind: 'found' }>): string {
  switch (outcome.kind) {
    case 'absent':
      return outcome.reason;
    case 'failed':
      return `${image}: ${outcome.failure.message}`;
    case 'invalid':
      return outcome.reason;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
