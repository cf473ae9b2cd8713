/** `greenpin digest`: tag to digest. */
import { composeRegistries } from '../compose.ts';
import { ConfigError } from '../errors.ts';
import type { ProbingRegistryClient } from '../registry/client.ts';
import { parsePlatform, parseReference } from '../registry/reference.ts';
import type { DigestResult } from '../resolve/ports.ts';
import type { ImageReference, Platform } from '../resolve/types.ts';
import { createCommandWorld, loadCommandConfig, type CommandContext } from './context.ts';

export interface DigestOptions {
  readonly config?: string;
  readonly dockerConfig: readonly string[];
  readonly platform?: string;
}

type Outcome = DigestResult | { readonly kind: 'invalid'; readonly reason: string };

/** From best to worst, with their exit statuses (design §4). */
const STATUS = { found: 0, absent: 3, failed: 1, invalid: 2 } as const;
const SEVERITY = Object.keys(STATUS);

/** As long as `server.deadline` gives one call by default. */
const TIMEOUT_MS = 10_000;

/**
 * Prints `DIGEST` for one image, `IMAGE DIGEST` lines for several, in the order given; those found are printed even when
 * others are not.
 * @returns exit status: of several images the worst
 * @throws ConfigError
 */
export async function digest(
  images: readonly string[],
  options: DigestOptions,
  context: CommandContext,
): Promise<number> {
  const platform = options.platform === undefined ? undefined : parseOption(options.platform);
  const client = createClient(options, context);
  const outcomes = images.map((image) => resolveOne(image, platform, client));
  let worst: Outcome['kind'] = 'found';
  for (const [index, image] of images.entries()) {
    const outcome = await outcomes[index];
    if (outcome === undefined) continue;
    if (outcome.kind === 'found') {
      context.stdout.write(images.length === 1 ? `${outcome.digest}\n` : `${image} ${outcome.digest}\n`);
    } else {
      context.stderr.write(`greenpin: ${describe(image, outcome)}\n`);
    }
    if (SEVERITY.indexOf(outcome.kind) > SEVERITY.indexOf(worst)) worst = outcome.kind;
  }
  return STATUS[worst];
}

function parseOption(platform: string): Platform {
  try {
    return parsePlatform(platform);
  } catch (error) {
    throw new ConfigError([`--platform: ${messageOf(error)}`], { cause: error });
  }
}

function createClient(options: DigestOptions, context: CommandContext): ProbingRegistryClient {
  const { registries, dockerConfigFiles } =
    options.config === undefined
      ? { registries: new Map(), dockerConfigFiles: [] }
      : loadCommandConfig(options, context);
  return composeRegistries(
    { registries, dockerConfigFiles: [...options.dockerConfig, ...dockerConfigFiles] },
    TIMEOUT_MS,
    createCommandWorld(context),
  );
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
      return `${image}: absent: ${outcome.reason}`;
    case 'failed':
      return `${image}: failed: ${outcome.failure.message}`;
    case 'invalid':
      return outcome.reason;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
