/** What is doubtful in a valid configuration, without asking anybody. Pure. */
import type { Config } from '../../config/config.ts';
import { findNearest } from '../../text/nearest.ts';
import { foldRegistry, parseReference } from '../../image/reference.ts';
import type { ImageTemplate } from '../../image/template.ts';
import { type Finding } from './findings.ts';
import { formatPath } from '../../text/document-path.ts';
import { dependsOnBranch, listGitRepositories, listImageRepositories } from './places.ts';

/** What Argo CD waits for a plugin unless `requestTimeout` says otherwise, in milliseconds. */
const ARGOCD_TIMEOUT_MS = 30_000;

/** Settings that do nothing, or not what they are meant for: `serve` logs them too. */
export function findIdleSettings(config: Config): Finding[] {
  return [...findLongDeadline(config), ...findUnusedConnections(config), ...findUnusedRegistries(config)];
}

export function findWarnings(config: Config): Finding[] {
  return [
    ...findIdleSettings(config),
    ...findUnknownPaths(config),
    ...findMovableTags(config),
    ...findShortCommits(config),
  ];
}

/** What Argo CD's side says is not known here, so it may be right. */
function findLongDeadline({ server }: Config): Finding[] {
  if (server.deadlineMs < ARGOCD_TIMEOUT_MS) return [];
  return [
    warning(
      'file',
      'server.deadline',
      'not below the 30s that Argo CD waits unless its requestTimeout says more',
      {
        hint: 'Greenpin cannot see requestTimeout (the ConfigMap of the plugin in Argo CD): raise it too, or lower server.deadline',
      },
    ),
  ];
}

function findUnusedConnections(config: Config): Finding[] {
  return [...config.connections.keys()]
    .filter((name) => listGitRepositories(config, name).length === 0)
    .map((name) => warning(`ci ${name}`, '', 'no project uses it'));
}

function findUnusedRegistries(config: Config): Finding[] {
  const used = listRegistries(config);
  return [...config.registries.keys()]
    .filter((host) => !used.includes(foldRegistry(host)))
    .map((host) => {
      const nearest = findNearest(host, used);
      const meant = nearest === undefined ? '' : `did you mean ${nearest}? Otherwise `;
      const hint = `${meant}take the entry out, unless it is for the token service of another registry`;
      return warning('registry', host, 'no image comes from it', {
        hint,
      });
    });
}

/** The host is always written out. */
function listRegistries({ projects }: Config): string[] {
  const images = [...projects.values()].flatMap((project) => project.images);
  const texts = images.map(({ template }) => template.repository.replaceAll(/\{[^}]*\}/g, 'x'));
  return [...new Set(texts.map((text) => parseReference(text).registry))];
}

function findUnknownPaths(config: Config): Finding[] {
  return listImageRepositories(config)
    .filter(dependsOnBranch)
    .map(({ target }) => warning('registry', target, 'not probed: its path depends on the branch'));
}

function findMovableTags({ projects }: Config): Finding[] {
  return [...projects.values()].flatMap(({ name: project, images }) =>
    images
      .filter(({ template, revision }) => !template.immutable && revision !== 'require')
      .map(({ name, template }) => {
        const key = formatPath(['projects', project, 'images', name]);
        const detail = `it can move: a later, red build may have pushed it (${key})`;
        return warning('tag', template.text, detail, {
          hint: 'put {commit} or {build_id} into the tag, or set revision: require',
        });
      }),
  );
}

/** Whoever may push can make a commit with a given beginning; of a full one nobody can. */
function findShortCommits({ projects }: Config): Finding[] {
  return [...projects.values()].flatMap(({ name: project, images }) =>
    images
      .filter(({ template, revision }) => template.immutable && isShort(template) && revision !== 'require')
      .map(({ name, template }) => {
        const key = formatPath(['projects', project, 'images', name]);
        return warning('tag', template.text, `a short prefix of the commit can be forged (${key})`, {
          hint: 'prefer {commit}, if your builds push such a tag too, or set revision: require',
        });
      }),
  );
}

/** Digits of the shortest full commit (SHA-1). */
const FULL_COMMIT = 40;

function isShort({ parts }: ImageTemplate): boolean {
  return !parts.some(
    (part) =>
      typeof part !== 'string' &&
      (part.variable === 'commit'
        ? (part.length ?? FULL_COMMIT) >= FULL_COMMIT
        : part.variable === 'build_id' && part.length === undefined),
  );
}

function warning(subject: string, target: string, detail: string, more: { hint?: string } = {}): Finding {
  return { level: 'warning', subject, target, detail, ...more };
}
