/** GitLab's part of a CI connection: paths and headers. */
import { apiPath, createJsonApi, type ApiResponse } from '../../upstream/json-api.ts';
import { createTokenAuthorizer } from '../authorizer.ts';
import { CiClient, type CiRequest } from '../client.ts';
import type { Source } from '../elements.ts';
import type { CiConnection, CiDeps } from '../kind.ts';
import type { SecretReader } from '../../secrets/secret.ts';
import { describeGitLabFailure, readGitLabQuota } from './failure.ts';
import { pathOf } from './names.ts';

const PERMISSION = 'the scope read_api and at least the role Reporter';

/** @param read undefined: anonymous */
export function createGitLabClient(
  { name, url }: Pick<CiConnection, 'name' | 'url'>,
  read: SecretReader | undefined,
  deps: CiDeps,
): CiClient {
  const { host } = new URL(url);
  return new CiClient({
    ...deps,
    name,
    host,
    send: createJsonApi(`${url.replace(/\/+$/, '')}/api/v4`, { accept: 'application/json' }, deps),
    // All of GitLab's access tokens are accepted as Bearer tokens, too.
    authorizer: createTokenAuthorizer(read, 'Bearer', { host, connection: name }),
    describeFailure: describeGitLabFailure,
    readQuota: readGitLabQuota,
  });
}

/** A resource of a GitLab project. */
export interface ProjectResource {
  readonly gitRepository: string;
  /** Path below the project, encoded: `/pipelines`. */
  readonly path: string;
  readonly query?: CiRequest['query'];
  /** `pipelines`: completes "the ... of acme/shop" in messages. */
  readonly what: string;
}

/** @throws UpstreamError `not_found` if the repository cannot be the path of a project */
export function createRequest(client: CiClient, resource: ProjectResource): CiRequest {
  const { gitRepository, path, query, what } = resource;
  const project = pathOf(gitRepository, client.host);
  return {
    path: `${apiPath`/projects/${project}`}${path}`,
    query,
    what: `the ${what} of ${gitRepository}`,
    permission: PERMISSION,
  };
}

/** @throws UpstreamError */
export async function fetchResource(client: CiClient, resource: ProjectResource): Promise<ApiResponse> {
  return client.get(createRequest(client, resource));
}

/**
 * @param proveReadable throws unless the project can be read, since GitLab hides what a token may not see
 * @returns undefined if the resource does not exist
 * @throws UpstreamError
 */
export async function findResource(
  client: CiClient,
  resource: ProjectResource,
  proveReadable: () => Promise<unknown>,
): Promise<ApiResponse | undefined> {
  return client.find(createRequest(client, resource), proveReadable);
}

export function sourceOf({ host }: Pick<CiClient, 'host'>): Source {
  return { host, api: 'GitLab' };
}
