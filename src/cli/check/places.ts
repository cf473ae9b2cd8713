/** Lists the repositories that projects use, with the configuration keys that name them. Pure. */
import type { Config } from '../../config/config.ts';
import type { Project } from '../../resolve/types.ts';
import { formatPath } from '../../text/document-path.ts';

/** A Git repository or an image repository. */
export interface Place {
  readonly target: string;
  /** The keys that name it: `projects.shop.repository` */
  readonly keys: readonly string[];
}

/** @returns the projects whose runs come from this repository, or job, of a connection */
export function listProjects({ projects }: Config, connection: string, ciRepository: string): Project[] {
  return [...projects.values()].filter(
    (project) => project.ci === connection && project.ciRepository === ciRepository,
  );
}

/** @returns what the connection lists runs (`ci`) or pull requests (`git`) of */
export function listGitRepositories(
  { projects }: Pick<Config, 'projects'>,
  connection: string,
  ...keys: readonly ('ci' | 'git')[]
): Place[] {
  return group(
    [...projects.values()].flatMap((project) =>
      keys
        .filter((key) => project[key] === connection)
        .map((key) => {
          const { name, ciRepository, gitRepository, workflows } = project;
          const target = key === 'ci' ? ciRepository : gitRepository;
          // Jenkins' job may have the repository's name.
          const isJob = key === 'ci' && ciRepository === workflows.join(' ');
          return [target, formatPath(['projects', name, isJob ? 'workflows' : 'repository'])] as const;
        }),
    ),
  );
}

/** @returns the image repositories of all projects, with placeholders unrendered */
export function listImageRepositories({ projects }: Config): Place[] {
  return group(
    [...projects.values()].flatMap(({ name: project, images }) =>
      images.map(({ name, template }): [string, string] => [
        template.repository,
        formatPath(['projects', project, 'images', name]),
      ]),
    ),
  );
}

function group(entries: readonly (readonly [target: string, key: string])[]): Place[] {
  const places = new Map<string, string[]>();
  for (const [target, key] of entries) places.set(target, [...new Set([...(places.get(target) ?? []), key])]);
  return [...places].map(([target, keys]) => ({ target, keys }));
}

export function dependsOnBranch({ target }: Place): boolean {
  return target.includes('{');
}
