/** `greenpin check`: validates the configuration, then probes the store, CI and the registries once. */
import { composeCore, type Core } from '../../compose/core.ts';
import { probeStore } from '../../compose/store.ts';
import type { CiConnection } from '../../ci/kind.ts';
import type { Config } from '../../config/config.ts';
import { checkSecretFiles } from '../../config/mounted-files.ts';
import { UpstreamError, type UpstreamFailure } from '../../errors.ts';
import type { ImageProbe } from '../../registry/client.ts';
import { parseReference } from '../../image/reference.ts';
import type { Project } from '../../resolve/types.ts';
import { describeCollisions, hasBranchTag, listBranches } from './branch-collisions.ts';
import { describePullRequests, describeWorkflows } from './ci.ts';
import { checkFiles } from './files.ts';
import { describeConnection, describeImageProbe, type Finding } from './findings.ts';
import { probeStatuses } from './statuses.ts';
import { describeStore } from './store.ts';
import { createCheckReport, formatFindings } from './report.ts';
import { findWarnings } from './warnings.ts';
import { createCommandRuntime } from '../command-runtime.ts';
import { loadCommandConfig, type CommandContext } from '../context.ts';
import { escapeControl, formatJson } from '../../text/quote.ts';
import { createColors } from '../terminal/colors.ts';
import { terminalWidth } from '../terminal/table.ts';
import type { Runtime } from '../../compose/runtime.ts';
import type { GitHost } from '../../ci/git-host.ts';
import type { RunPage } from '../../ci/provider.ts';
import type { ComposedConnection } from '../../compose/ci.ts';
import {
  dependsOnBranch,
  listGitRepositories,
  listImageRepositories,
  listProjects,
  type Place,
} from './places.ts';
import { settledWithin } from '../../resilience/deadline.ts';

export interface CheckOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * @returns exit status: 0 all passed (warnings allowed), 1 a probe failed
 * @throws ConfigError
 */
export async function check(options: CheckOptions, context: CommandContext): Promise<number> {
  const config = await loadCommandConfig(options, context, checkSecretFiles);
  const runtime = createCommandRuntime(context);
  const core = composeCore(config, runtime);
  const probes = [
    checkStore(config, runtime),
    ...probeConnections(config, core),
    ...probeImages(config, core),
  ];
  const probed = mergeRepeated((await Promise.all<Finding | Finding[]>(probes)).flat());
  const findings = [...checkFiles(config, runtime), ...probed, ...findWarnings(config)];
  const text =
    options.json === true
      ? formatJson(createCheckReport(config, findings))
      : formatCheck(config, findings, context);
  context.stdout.write(`${text}\n`);
  runtime.flushWarnings(findings.flatMap(({ detail, hint = '' }) => [detail, hint]));
  return findings.some(({ level }) => level === 'failed') ? 1 : 0;
}

function formatCheck(config: Config, findings: readonly Finding[], context: CommandContext): string {
  const color = createColors(context);
  const projects = config.projects.size === 1 ? '1 project' : `${config.projects.size} projects`;
  const title = color('bold', escapeControl(`${config.file}: valid, ${projects}`));
  return `${title}\n\n${formatFindings(findings, color, terminalWidth(context.stdout))}`;
}

/** Several calls may fail for one reason, for example an unknown host: the worst finding stands for all. */
function mergeRepeated(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.subject, finding.target, finding.detail]);
    const other = merged.get(key);
    if (other === undefined || finding.level === 'failed') merged.set(key, finding);
  }
  return [...merged.values()];
}

async function checkStore({ store }: Config, runtime: Runtime): Promise<Finding> {
  try {
    return describeStore(store, await probeStore(store, runtime));
  } catch (error) {
    if (error instanceof Error) return describeStore(store, error);
    throw error;
  }
}

function probeConnections(config: Config, core: Core): Promise<Finding[]>[] {
  return [...config.connections.values()].flatMap((connection) => {
    const client = core.connections.get(connection.name);
    if (client === undefined) return [];
    const byRuns = listGitRepositories(withoutPushes(config), connection.name, 'ci');
    const byPullRequests = listGitRepositories(config, connection.name, 'git');
    const probes = { config, connection, ask: createAsk(config, connection) };
    const ofRuns = byRuns.map((place) =>
      probeRuns(place, client, includes(byPullRequests, place) ? client.gitHost : undefined, probes),
    );
    const others = byPullRequests.filter((place) => !includes(byRuns, place));
    const ofOthers = others.map((place) => probePullRequests(place, client.gitHost, probes));
    return ofRuns.concat(ofOthers, probeGates(core, client, probes));
  });
}

/** A token for `builds: statuses` needs no permission to read runs. */
function withoutPushes({ projects }: Config): Pick<Config, 'projects'> {
  return { projects: new Map([...projects].filter(([, { builds }]) => builds !== 'statuses')) };
}

/** @param client knows the statuses */
function probeGates(core: Core, client: ComposedConnection, probes: Probes): Promise<Finding[]>[] {
  const { config, connection, ask } = probes;
  const gated = [...config.projects.values()].filter(
    ({ git, statuses }) => git === connection.name && statuses.length > 0,
  );
  const groups = Map.groupBy(gated, ({ ci, builds, ciRepository, gitRepository }) =>
    JSON.stringify([ci, builds, ciRepository, gitRepository]),
  );
  return Array.from(groups.values(), async (projects) => {
    const ci = core.connections.get(projects[0]?.ci ?? '');
    return ci === undefined ? [] : probeStatuses(projects, { connection, ci, git: client, ask });
  });
}

function includes(places: readonly Place[], { target }: Place): boolean {
  return places.some((place) => place.target === target);
}

interface Probes {
  readonly config: Config;
  readonly connection: CiConnection;
  /** Waits for one call, up to the deadline. */
  readonly ask: <Result>(call: Promise<Result>) => Promise<Result | UpstreamFailure>;
}

function createAsk({ server }: Config, { url }: CiConnection): Probes['ask'] {
  return (call) => settledWithin(server.deadlineMs, call.catch(toFailure), createTimeout(new URL(url).host));
}

/** Tests individual permissions only if the repository is visible at all. */
async function probeRuns(
  place: Place,
  { provider, inspector }: ComposedConnection,
  gitHost: GitHost | undefined,
  probes: Probes,
): Promise<Finding[]> {
  const { config, connection, ask } = probes;
  const { target } = place;
  const seen = await ask(provider.probe(target));
  const first = describeConnection(connection, place, seen);
  if (typeof seen !== 'string') return [first];
  const projects = listProjects(config, connection.name, target);
  const byWorkflow = projects.filter(({ workflows }) => workflows.length > 0);
  const byBranch = projects.filter(hasBranchTag);
  const [pullRequests, workflows, listing] = await Promise.all([
    probePullRequests(place, gitHost, probes),
    byWorkflow.length === 0 || inspector === undefined ? undefined : ask(inspector.fetchWorkflows(target)),
    byBranch.length === 0 ? undefined : ask(provider.fetchRuns(target)),
  ]);
  return [
    first,
    ...pullRequests,
    ...describeWorkflows(connection, place, byWorkflow, workflows),
    ...describeListing(connection, place, byBranch, listing),
  ];
}

async function probePullRequests(
  place: Place,
  gitHost: GitHost | undefined,
  { connection, ask }: Probes,
): Promise<Finding[]> {
  if (gitHost === undefined) return [];
  const failure = await ask(gitHost.probe(place.target).then(() => undefined));
  return [describePullRequests(connection, place, failure)];
}

/** @param listing CI's newest runs; undefined if no tag depends on the branch alone */
function describeListing(
  connection: CiConnection,
  place: Place,
  projects: readonly Project[],
  listing: RunPage | 'unchanged' | UpstreamFailure | undefined,
): Finding[] {
  if (listing === undefined || listing === 'unchanged') return [];
  if ('kind' in listing) return [describeConnection(connection, place, listing)];
  return describeCollisions(projects, listBranches(listing.runs));
}

function toFailure(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamError) return error.failure;
  throw error;
}

/** A tag that no pipeline pushes: the 404 proves route, credentials and repository without costing a pull. */
const PROBE_TAG = 'greenpin-check';

function probeImages(config: Config, core: Core): Promise<Finding>[] {
  return listImageRepositories(config)
    .filter((place) => !dependsOnBranch(place))
    .map(async (place) => {
      const reference = parseReference(`${place.target}:${PROBE_TAG}`);
      const failure = createTimeout(reference.registry);
      const timedOut: ImageProbe = { result: { kind: 'failed', failure }, access: undefined };
      const probe = await settledWithin(config.server.deadlineMs, core.registries.probe(reference), timedOut);
      return describeImageProbe(reference, place, probe);
    });
}

function createTimeout(host: string): UpstreamFailure {
  const message = `${host} did not answer within server.deadline`;
  return { kind: 'timeout', host, message, trouble: 'timeout' };
}
