/** Names and numbers that become parts of a URL's path. Pure. */
import { UpstreamError } from '../../errors.ts';
import { apiPath } from '../../upstream/json-api.ts';

/**
 * @returns the path of a repository's resources
 * @throws UpstreamError `not_found`: a URL resolves `.` and `..` as directories whatever their encoding
 */
export function repositoryPath(gitRepository: string, host: string): string {
  const [, workspace, name] = /^([\w-]+)\/([\w.-]+)$/.exec(gitRepository) ?? [];
  if (workspace === undefined || name === undefined || /^\.+$/.test(name)) {
    const found = JSON.stringify(gitRepository);
    throw unknown(host, `${found} is not a repository of Bitbucket Cloud; expected WORKSPACE/NAME`);
  }
  return apiPath`/2.0/repositories/${workspace}/${name}`;
}

export function digitsOf(number: string, host: string): string {
  if (!/^\d+$/.test(number)) throw unknown(host, 'Bitbucket numbers its pull requests; expected digits');
  return number;
}

/** @returns the UUID as the API spells it: `{1a2b...}` */
export function bracedUuid(runId: string, host: string): string {
  if (!/^[0-9a-f-]{36}$/i.test(runId)) throw unknown(host, "a pipeline's id is a UUID without braces");
  return `{${runId}}`;
}

function unknown(host: string, message: string): UpstreamError {
  return new UpstreamError({ kind: 'not_found', host, message });
}
