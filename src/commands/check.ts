/** `greenpin check`: the configuration, then one probe of every CI connection and registry, as a table. */
import { statSync } from 'node:fs';
import { composeCore, type Core } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { checkSecretFiles } from '../config/secret-files.ts';
import { UpstreamError, type UpstreamFailureKind } from '../errors.ts';
import { parseReference } from '../registry/reference.ts';
import { createCommandWorld, loadCommandConfig, type CommandContext } from './context.ts';
import { createPaint, printable, type Paint } from './style.ts';
import { formatTable } from './table.ts';

export interface CheckOptions {
  readonly config?: string;
}

/** One line of the table. */
interface Finding {
  readonly level: 'ok' | 'warning' | 'failed';
  /** What was probed: `ci github`, `registry ghcr.io`. */
  readonly subject: string;
  /** The repository or image that it was probed with. */
  readonly target: string;
  readonly detail: string;
  /** What to do about it. */
  readonly hint?: string;
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
    ...warnOfMovableTags(config),
  ];
  context.stdout.write(`${format(findings, config, createPaint(context.stdout))}\n`);
  return findings.some(({ level }) => level === 'failed') ? 1 : 0;
}

function checkFiles(config: Config): Finding[] {
  return checkSecretFiles(config, statSync).map((detail) => ({
    level: 'failed',
    subject: 'secrets',
    target: config.file,
    detail,
    hint: 'write the file, or mount the Secret there',
  }));
}

function probeConnections(config: Config, core: Core): Promise<Finding>[] {
  return [...core.providers].flatMap(([name, provider]) => {
    const repositories = unique(
      [...config.projects.values()].filter(({ ci }) => ci === name).map(({ gitRepository }) => gitRepository),
    );
    if (repositories.length === 0) {
      return [
        Promise.resolve<Finding>({
          level: 'warning',
          subject: `ci ${name}`,
          target: '-',
          detail: 'no project uses it',
        }),
      ];
    }
    return repositories.map(async (target): Promise<Finding> => {
      const subject = `ci ${name}`;
      try {
        return { level: 'ok', subject, target, detail: await provider.probe(target) };
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        const { kind, message } = error.failure;
        return { level: 'failed', subject, target, detail: message, hint: CI_HINTS[kind] };
      }
    });
  });
}

const CI_HINTS: Readonly<Record<UpstreamFailureKind, string>> = {
  timeout: 'is there a route from here? a proxy or firewall in between? is server.deadline long enough?',
  unreachable: 'check ci.*.url, DNS and the route from here',
  denied:
    'check the token: a fine-grained one needs "Actions: read" on this repository, a classic one "repo"',
  not_found: 'check projects.*.repository; a repository that the token may not see looks the same',
  rate_limited:
    'wait for the quota to come back; a token or a GitHub App has a larger one than no credentials',
  unavailable: 'CI has a fault of its own; try again later',
  malformed:
    'does ci.*.url lead to the API (for GitHub Enterprise: https://HOST/api/v3), not to a login page?',
};

/** A tag that no pipeline pushes: to be told that it is absent proves route, credential and repository. */
const PROBE_TAG = 'greenpin-check';

function probeImages(config: Config, core: Core): Promise<Finding>[] {
  const repositories = unique(
    [...config.projects.values()].flatMap(({ images }) => images.map(({ template }) => template.repository)),
  );
  return repositories.map(async (target): Promise<Finding> => {
    if (target.includes('{')) {
      return {
        level: 'warning',
        subject: 'registry',
        target,
        detail: 'not probed: its path depends on the branch',
      };
    }
    const reference = parseReference(`${target}:${PROBE_TAG}`);
    const subject = `registry ${reference.registry}`;
    const { result, access } = await core.registries.probe(reference);
    const how = access === undefined ? '' : `${access.scheme}, credentials: ${access.credential.source}`;
    if (result.kind === 'failed') {
      const { kind, message } = result.failure;
      const detail = how === '' ? message : `${message} (${how})`;
      return { level: 'failed', subject, target, detail, hint: REGISTRY_HINTS[kind] };
    }
    if (result.kind === 'absent' && result.missing === 'repository') {
      const hint = 'check projects.*.images for a typo; before the first push this is normal';
      return { level: 'warning', subject, target, detail: `${result.reason} (${how})`, hint };
    }
    return { level: 'ok', subject, target, detail: `may be read (${how})` };
  });
}

const REGISTRY_HINTS: Readonly<Record<UpstreamFailureKind, string>> = {
  timeout: 'is there a route from here? a proxy or firewall in between?',
  unreachable:
    'check the host, its port and certificate; a registry without TLS needs registries.HOST.http: true',
  denied:
    'check the credentials under registries or dockerConfigFiles: they must be allowed to pull this image; many registries answer so for a missing one too',
  not_found: 'check the image reference',
  rate_limited: 'wait, or give credentials: anonymous pulls have the smallest limits',
  unavailable: 'the registry has a fault of its own; try again later',
  malformed: 'is this host a registry, and not a web page or a proxy?',
};

function warnOfMovableTags(config: Config): Finding[] {
  return [...config.projects.values()].flatMap(({ name, images }) =>
    images
      .filter(({ template, revision }) => !template.immutable && revision !== 'require')
      .map(({ name: image, template }) => ({
        level: 'warning' as const,
        subject: `project ${name}`,
        target: `image ${image}`,
        detail: `the tag of ${template.text} can move: a later, red build may have pushed it`,
        hint: 'put {commit} or {build_id} into the tag, or set revision: require',
      })),
  );
}

const COLOURS = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

function format(findings: readonly Finding[], config: Config, paint: Paint): string {
  const rows = findings.map(({ level, subject, target, detail }) =>
    [level, subject, target, detail].map(printable),
  );
  const lines = formatTable([['', 'probed', 'with', 'answer'], ...rows]);
  const body = findings.flatMap(({ level, hint }, index) => {
    const line = lines[index + 1] ?? '';
    const painted = paint(COLOURS[level], line.slice(0, level.length)) + line.slice(level.length);
    return hint === undefined ? [painted] : [painted, `         ${paint('dim', `hint: ${hint}`)}`];
  });
  const projects = config.projects.size === 1 ? '1 project' : `${config.projects.size} projects`;
  return [`${config.file}: valid, ${projects}`, '', paint('dim', lines[0] ?? ''), ...body].join('\n');
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
