/** Names and numbers that become parts of a URL's path. Pure. */
import { UpstreamError } from '../../errors.ts';
import { apiPath } from '../../upstream/json-api.ts';

/**
 * Names may contain blanks. A name that begins with a period could be `..`, which a URL resolves as a
 * directory (https://learn.microsoft.com/azure/devops/organizations/settings/naming-restrictions).
 */
const EXCLUDED = '\\s/\\\\:*?"<>|;#$%,{}+=[\\]';
const NAME = `[^.${EXCLUDED}](?: *[^${EXCLUDED}]){0,255}`;

export const REPOSITORY_PATTERN = new RegExp(`^${NAME}/${NAME}/${NAME}$`);

export interface RepositoryName {
  readonly organization: string;
  readonly project: string;
  readonly repository: string;
}

export function nameOf(gitRepository: string, host: string): RepositoryName {
  const [organization, project, repository] = gitRepository.split('/');
  if (!REPOSITORY_PATTERN.test(gitRepository) || !organization || !project || !repository) {
    const expected = 'expected ORGANIZATION/PROJECT/REPOSITORY';
    throw notFound(host, `${JSON.stringify(gitRepository)} is not an Azure Repos repository; ${expected}`);
  }
  return { organization, project, repository };
}

/** @returns `/acme/shop/_apis/build`: the builds' API of the project */
export function buildApi(gitRepository: string, host: string): string {
  const { organization, project } = nameOf(gitRepository, host);
  return apiPath`/${organization}/${project}/_apis/build`;
}

/** @returns `/acme/shop/_apis/git/repositories/front`; the API takes the name as well as the id */
export function repositoryApi(gitRepository: string, host: string): string {
  const { organization, project, repository } = nameOf(gitRepository, host);
  return apiPath`/${organization}/${project}/_apis/git/repositories/${repository}`;
}

export function digitsOf(id: string, host: string): string {
  if (!/^\d+$/.test(id)) {
    throw notFound(host, 'Azure DevOps numbers its builds and pull requests; expected digits');
  }
  return id;
}

/** @returns the branch's name; undefined for a tag, or a pull request's merge */
export function branchOf(ref: string): string | undefined {
  return /^refs\/heads\/(.+)$/s.exec(ref)?.[1];
}

export function notFound(host: string, message: string): UpstreamError {
  return new UpstreamError({ kind: 'not_found', host, message });
}
