/** Names and numbers that become parts of a URL's path. Pure. */
import { UpstreamError } from '../../errors.ts';
import { apiPath } from '../../upstream/json-api.ts';

/**
 * @returns the path of a repository's resources
 * @throws UpstreamError `not_found`: a URL resolves `.` and `..` as directories whatever their encoding
 */
export function repositoryPath(gitRepository: string, host: string): string {
  const [, project, name] = /^([A-Za-z][\w-]*|~[\w.@+-]+)\/([\w.-]+)$/.exec(gitRepository) ?? [];
  if (project === undefined || name === undefined || /^\.+$/.test(name)) {
    const found = JSON.stringify(gitRepository);
    throw unknown(
      host,
      `${found} is not a repository of Bitbucket Data Center; expected PROJECT/NAME or ~USER/NAME`,
    );
  }
  return apiPath`/rest/api/latest/projects/${project}/repos/${name}`;
}

export function digitsOf(number: string, host: string): string {
  if (!/^\d+$/.test(number)) throw unknown(host, 'Bitbucket numbers its pull requests; expected digits');
  return number;
}

/** @returns the branch; undefined for a tag */
export function branchOf(ref: string): string | undefined {
  return /^refs\/heads\/(.+)$/s.exec(ref)?.[1];
}

function unknown(host: string, message: string): UpstreamError {
  return new UpstreamError({ kind: 'not_found', host, message });
}
