/** GitLab's part of a CI connection: paths and headers. */
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import type { CiClient, CiRequest } from '../client.ts';
import type { Source } from '../elements.ts';
import { pathOf } from './names.ts';

const PERMISSION = 'the scope read_api and at least the role Reporter';

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
