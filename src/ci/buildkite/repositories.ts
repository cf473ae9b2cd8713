/** The Git repository of each pipeline: https://buildkite.com/docs/apis/rest-api/pipelines#get-a-pipeline */
import { isWithin, type Clock } from '../../clock.ts';
import { SingleFlight } from '../../resilience/single-flight.ts';
import type { CiClient } from '../client.ts';
import type { Source } from '../elements.ts';
import { createRequest } from './request.ts';
import { parsePipeline } from './schema.ts';

/** Hardly ever changes: a repository is renamed or moved. */
const FRESH_FOR = 600_000;

export interface Repositories {
  /** @returns the URL, kept for some minutes @throws UpstreamError */
  find(pipeline: string): Promise<string>;
}

export function createRepositories(client: CiClient, source: Source, now: Clock): Repositories {
  const flights = new SingleFlight();
  // The configuration names the pipelines, so there are few.
  const known = new Map<string, { readonly url: string; readonly at: number }>();

  async function fetchUrl(pipeline: string): Promise<string> {
    const at = now();
    const what = `the repository of pipeline ${pipeline}`;
    const { data } = await client.get(createRequest(pipeline, '', { what, permission: '"read_pipelines"' }));
    const url = parsePipeline(data, source);
    known.set(pipeline, { url, at });
    return url;
  }

  return {
    async find(pipeline) {
      const found = known.get(pipeline);
      if (found !== undefined && isWithin(now(), found.at, FRESH_FOR)) return found.url;
      return flights.do(pipeline, () => fetchUrl(pipeline));
    },
  };
}
