/** Jenkins' remote access API: `.../api/json?tree=` (https://www.jenkins.io/doc/book/using/remote-access-api/). */
import { UpstreamError, type UpstreamFailure } from '../../errors.ts';
import { apiPath, type ApiResponse } from '../../upstream/json-api.ts';
import { parseDate } from '../../upstream/retry-after.ts';
import type { CiClient, CiRequest } from '../client.ts';
import type { Source } from '../elements.ts';
import { describeStatus, type CallContext } from '../failure.ts';
import { jobPath } from './job-names.ts';

export const PERMISSION = '"Overall/Read" and "Job/Read"';

export interface JenkinsAnswer {
  readonly data: unknown;
  /** Jenkins' clock, milliseconds since the epoch, if reported. */
  readonly clock: number | undefined;
}

/** `pipeline` is the full name of a multibranch pipeline. Each method throws `UpstreamError`. */
export interface JenkinsApi {
  readonly source: Source;
  getPipeline(pipeline: string, tree: string): Promise<JenkinsAnswer>;
  /** @returns undefined if the pipeline has no such job now */
  findJob(pipeline: string, job: string, tree: string): Promise<JenkinsAnswer | undefined>;
  /** @returns undefined if it was deleted */
  findBuild(pipeline: string, job: string, build: string, tree: string): Promise<JenkinsAnswer | undefined>;
}

export function createJenkinsApi(client: CiClient): JenkinsApi {
  const { host } = client;

  async function get(pipeline: string, path: string, tree: string): Promise<JenkinsAnswer> {
    const { data, headers } = await client.get(createRequest(pipeline, path, tree));
    return { data, clock: parseDate(headers) };
  }

  async function find(pipeline: string, path: string, tree: string): Promise<JenkinsAnswer | undefined> {
    try {
      return await get(pipeline, path, tree);
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.failure.kind !== 'not_found') throw error;
      // Jenkins hides what may not be read by the same answer.
      await get(pipeline, '', 'name');
      return undefined;
    }
  }

  return {
    source: { host, api: 'Jenkins' },
    getPipeline: (pipeline, tree) => get(pipeline, '', tree),
    findJob: (pipeline, job, tree) => find(pipeline, apiPath`/job/${job}`, tree),
    findBuild: (pipeline, job, build, tree) => find(pipeline, apiPath`/job/${job}/${build}`, tree),
  };
}

function createRequest(pipeline: string, path: string, tree: string): CiRequest {
  return {
    path: `${jobPath(pipeline)}${path}/api/json`,
    query: { tree },
    what: `the job ${pipeline}`,
    permission: PERMISSION,
  };
}

/** @param now milliseconds since the epoch, when the response came */
export function describeJenkinsFailure(
  response: ApiResponse,
  call: CallContext,
  now: number,
): UpstreamFailure {
  if (response.status !== 404) return describeStatus(response, call, now);
  const { host, connection, what } = call;
  const message =
    `${host} does not know ${what}, or hides it from connection "${connection}": check the project's ` +
    `workflows and the connection's url, and that the user may read the job (${PERMISSION})`;
  return { kind: 'not_found', host, message };
}
