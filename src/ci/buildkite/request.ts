/** Requests below a pipeline. Pure. */
import { apiPath } from '../../upstream/json-api.ts';
import type { CiRequest } from '../client.ts';

/** @param pipeline `acme/shop` @param path below the pipeline, encoded */
export function createRequest(
  pipeline: string,
  path: string,
  { query, permission, what }: Pick<CiRequest, 'query' | 'permission' | 'what'>,
): CiRequest {
  const [organization = '', slug = ''] = pipeline.split('/');
  return {
    path: `${apiPath`/v2/organizations/${organization}/pipelines/${slug}`}${path}`,
    query,
    what,
    permission,
  };
}
