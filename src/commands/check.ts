/** `greenpin check`: the configuration, then one probe of every CI connection and registry, as a table. */
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { composeCore, type Core } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { createSecretReader } from '../config/secret.ts';
import { checkSecretFiles } from '../config/secret-files.ts';
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { ImageProbe } from '../registry/client.ts';
import { parseReference } from '../registry/reference.ts';
import {
  dependsOnBranch,
  describeConnection,
  describeImageProbe,
  findWarnings,
  listGitRepositories,
  listImageRepositories,
  type Finding,
} from './check-findings.ts';
import { formatFindings } from './check-text.ts';
import { createCommandWorld } from './command-world.ts';
import { loadCommandConfig, type CommandContext } from './context.ts';
import { printable } from './printable.ts';
import { createPaint } from './style.ts';

export interface CheckOptions {
  readonly config?: string;
}

/**
 * @returns exit status: 0 all well (warnings included), 1 a probe failed
 * @throws ConfigError
 */
export async function check(options: CheckOptions, context: CommandContext): Promise<number> {
  const config = loadCommandConfig(options, context);
  const core = composeCore(config, createCommandWorld(context));
  const findings = [
    ...checkFiles(config),
    ...(await Promise.all([...probeConnections(config, core), ...probeImages(config, core)])),
    ...findWarnings(config),
  ];
  const paint = createPaint(context);
  const projects = config.projects.size === 1 ? '1 project' : `${config.projects.size} projects`;
  const title = paint('bold', printable(`${config.file}: valid, ${projects}`));
  context.stdout.write(`${title}\n\n${formatFindings(findings, paint)}\n`);
  return findings.some(({ level }) => level === 'failed') ? 1 : 0;
}

function checkFiles(config: Config): Finding[] {
  const problems = checkSecretFiles(config, statSync, (path) => readFileSync(path, 'utf8'));
  const missing = problems.map((line) => line.slice(config.file.length + 1).split(/: (?=found )/, 2));
  return [...missing, ...checkServerToken(config.server)].map(([target = '', detail = '']) => ({
    level: 'failed',
    subject: 'file',
    target,
    detail,
    hint: 'write the file, or mount the Secret there',
  }));
}

/** No probe uses it: what callers must show. Other secrets are read, and reported, by the probes that need them. */
function checkServerToken({ token }: Config['server']): string[][] {
  const isFile = token.kind === 'tokenFile' && statSync(token.file, { throwIfNoEntry: false })?.isFile();
  if (isFile !== true) return [];
  try {
    createSecretReader({ file: token.file }, { warn: () => undefined })();
    return [];
  } catch (error) {
    return [['server.tokenFile', error instanceof Error ? error.message : 'it cannot be read']];
  }
}

function probeConnections(config: Config, core: Core): Promise<Finding>[] {
  return [...core.providers].flatMap(([name, provider]) => {
    const connection = config.ci.get(name);
    if (connection === undefined) return [];
    const tooLate = late(new URL(connection.url).host);
    return listGitRepositories(config, name).map(async (place) => {
      const probing = provider.probe(place.target).catch(failureOf);
      return describeConnection(connection, place, await within(config.server.deadlineMs, probing, tooLate));
    });
  });
}

function failureOf(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamError) return error.failure;
  throw error;
}

/** A tag that no pipeline pushes. */
const PROBE_TAG = 'greenpin-check';

function probeImages(config: Config, core: Core): Promise<Finding>[] {
  return listImageRepositories(config)
    .filter((place) => !dependsOnBranch(place))
    .map(async (place) => {
      const reference = parseReference(`${place.target}:${PROBE_TAG}`);
      const failure = late(reference.registry);
      const tooLate: ImageProbe = { result: { kind: 'failed', failure }, access: undefined };
      const probe = await within(config.server.deadlineMs, core.registries.probe(reference), tooLate);
      return describeImageProbe(reference, place, probe);
    });
}

function late(host: string): UpstreamFailure {
  return { kind: 'timeout', host, message: `${host} did not answer within server.deadline` };
}

/** One upstream that hangs, in however many calls, must not keep the others' results back. */
async function within<Result>(ms: number, probing: Promise<Result>, tooLate: Result): Promise<Result> {
  const timer = new AbortController();
  try {
    return await Promise.race([probing, delay(ms, tooLate, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
