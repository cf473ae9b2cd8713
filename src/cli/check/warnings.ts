/** Finds likely mistakes in a valid configuration, offline. Pure. */
import type { Config } from '../../config/config.ts';
import { suggest } from '../../text/suggest.ts';
import { foldRegistry, parseReference } from '../../image/reference.ts';
import type { ImageTemplate } from '../../image/template.ts';
import type { Finding } from './findings.ts';
import { formatPath } from '../../text/document-path.ts';
import { dependsOnBranch, listGitRepositories, listImageRepositories } from './places.ts';

/** Milliseconds that Argo CD waits for a plugin by default (`requestTimeout`). */
const ARGOCD_TIMEOUT_MS = 30_000;

/** Settings without effect, or without the intended one; `serve` logs them, too. */
export function findIneffectiveSettings(config: Config): Finding[] {
  return [
    ...findLongDeadline(config),
    ...findUnusedConnections(config),
    ...findUnusedRegistries(config),
    ...findForksWithoutBuilds(config),
  ];
}

export function findWarnings(config: Config): Finding[] {
  return [
    ...findIneffectiveSettings(config),
    ...findProjectsWithoutGitHost(config),
    ...findUnknownPaths(config),
    ...findMutableTags(config),
    ...findShortCommits(config),
    ...findProjectsWithoutCi(config),
  ];
}

function findProjectsWithoutCi({ projects }: Config): Finding[] {
  const detail =
    "no CI is asked (builds: registry): an image's revision proves its commit, but nothing proves that its build was green";
  const hint =
    'name the CI in ci if Greenpin can read it; otherwise, push images only after the tests have passed';
  return [...projects.values()]
    .filter(({ builds }) => builds === 'registry')
    .map(({ name }) => warning('builds', formatPath(['projects', name]), detail, hint));
}

/** A warning only, since Argo CD's own setting is unknown here. */
function findLongDeadline({ server }: Config): Finding[] {
  if (server.deadlineMs < ARGOCD_TIMEOUT_MS) return [];
  const detail = 'not below the 30s that Argo CD waits by default (requestTimeout)';
  const hint =
    "lower server.deadline, or raise requestTimeout in the plugin's ConfigMap in Argo CD, which Greenpin cannot read";
  return [warning('file', 'server.deadline', detail, hint)];
}

function findUnusedConnections(config: Config): Finding[] {
  return [...config.connections.keys()]
    .filter((name) => listGitRepositories(config, name, 'ci', 'git').length === 0)
    .map((name) => warning(`ci ${name}`, '', 'not used by any project'));
}

/** A fork's commits are never pushed to the repository. */
function findForksWithoutBuilds({ projects }: Config): Finding[] {
  return [...projects.values()]
    .filter(({ builds, forks }) => builds === 'statuses' && forks)
    .map(({ name }) =>
      warning(
        'file',
        formatPath(['projects', name, 'forks']),
        'no effect: with builds: statuses, forks have no builds',
      ),
    );
}

/** A project whose CI is no Git host can do without one if it has no pull requests. */
function findProjectsWithoutGitHost({ connections, projects }: Config): Finding[] {
  const detail = "no connection knows its pull requests, so runs of pull requests count as a fork's";
  return [...projects.values()]
    .filter(({ ci, git }) => git === undefined && connections.has(ci))
    .map(({ name, ci }) => {
      const git = formatPath(['projects', name, 'git']);
      const hint = `if it has pull requests, add a connection to the Git host, and name it in ${git}`;
      return warning(`ci ${ci}`, formatPath(['projects', name]), detail, hint);
    });
}

function findUnusedRegistries(config: Config): Finding[] {
  const used = listRegistries(config);
  return [...config.registries.keys()]
    .filter((host) => !used.includes(foldRegistry(host)))
    .map((host) => {
      const nearest = suggest(host, used);
      const meant = nearest === undefined ? '' : `did you mean ${nearest}? Otherwise `;
      const hint = `${meant}remove the entry, unless it configures another registry's token service`;
      return warning('registry', host, 'not used by any image', hint);
    });
}

/** Placeholders never occur in the host. */
function listRegistries({ projects }: Config): string[] {
  const images = [...projects.values()].flatMap((project) => project.images);
  const texts = images.map(({ template }) => template.repository.replaceAll(/\{[^}]*\}/g, 'x'));
  return [...new Set(texts.map((text) => parseReference(text).registry))];
}

function findUnknownPaths(config: Config): Finding[] {
  return listImageRepositories(config)
    .filter(dependsOnBranch)
    .map(({ target }) => warning('registry', target, 'not tested: its path depends on the branch'));
}

function findMutableTags(config: Config): Finding[] {
  return warnAboutTags(config, ({ immutable }) => !immutable, {
    detail: 'this tag is mutable: a later, failed build may have overwritten it',
    hint: 'add {commit} or {build_id} to the tag, or set revision: require',
  });
}

/** Anyone who may push can create a commit with a given prefix, but not one with a given full hash. */
function findShortCommits(config: Config): Finding[] {
  return warnAboutTags(config, (template) => template.immutable && hasShortCommit(template), {
    detail: 'a short commit prefix can be forged',
    hint: 'use {commit} if your builds push that tag, too, or set revision: require',
  });
}

/** Images with `revision: require` need no warning: their revision is proof. */
function warnAboutTags(
  { projects }: Config,
  applies: (template: ImageTemplate) => boolean,
  { detail, hint }: { readonly detail: string; readonly hint: string },
): Finding[] {
  return [...projects.values()].flatMap(({ name: project, images }) =>
    images
      .filter(({ template, revision }) => revision !== 'require' && applies(template))
      .map(({ name, template }) => {
        const key = formatPath(['projects', project, 'images', name]);
        return warning('tag', template.text, `${detail} (${key})`, hint);
      }),
  );
}

/** Hex digits of a SHA-1 commit. */
const FULL_COMMIT = 40;

function hasShortCommit({ parts }: ImageTemplate): boolean {
  return !parts.some(
    (part) =>
      typeof part !== 'string' &&
      (part.variable === 'commit'
        ? (part.length ?? FULL_COMMIT) >= FULL_COMMIT
        : part.variable === 'build_id' && part.length === undefined),
  );
}

function warning(subject: string, target: string, detail: string, hint?: string): Finding {
  return { level: 'warning', subject, target, detail, hint };
}
