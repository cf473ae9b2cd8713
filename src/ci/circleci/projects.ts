/** Finds the ids of projects, and the repositories that are their own. */
import { isWithin, type Clock } from '../../clock.ts';
import { UpstreamError } from '../../errors.ts';
import { SingleFlight } from '../../resilience/single-flight.ts';
import type { CiClient } from '../client.ts';
import type { Source } from '../elements.ts';
import { describeUnknown } from './failure.ts';
import { parseCheckouts, parseProjectId, type CircleciProject } from './schema.ts';

/** Hardly ever changes: a project is renamed, or gets another pipeline. */
const FRESH_FOR = 600_000;

const PERMISSION = 'a user with read access';

export interface Projects {
  /** @param ciRepository slugs, joined by blanks @throws UpstreamError */
  find(ciRepository: string): Promise<readonly CircleciProject[]>;
  /** Makes one call for each slug, to prove that the projects can be read. @throws UpstreamError */
  prove(ciRepository: string): Promise<void>;
}

/** @param connection name of the connection in the configuration */
export function createProjects(client: CiClient, connection: string, source: Source, now: Clock): Projects {
  const { host } = client;
  const flights = new SingleFlight();
  // The configuration names the slugs, so there are few.
  const known = new Map<string, { readonly project: CircleciProject; readonly at: number }>();

  async function fetchId(slug: string): Promise<string> {
    const what = `the project ${slug}`;
    const query = { 'filter[slug]': slug };
    const { data } = await client.get({ path: '/api/v3/projects', query, what, permission: PERMISSION });
    const id = parseProjectId(data, source);
    if (id !== undefined) return id;
    // An unknown slug gives an empty list.
    throw new UpstreamError({ kind: 'not_found', host, message: describeUnknown(host, connection, what) });
  }

  async function fetchProject(slug: string): Promise<CircleciProject> {
    const at = now();
    const id = await fetchId(slug);
    const [, path] = /^(?:gh|github|bb|bitbucket)\/(.+)$/.exec(slug.toLowerCase()) ?? [];
    const paths = path === undefined ? await fetchCheckouts(id, slug, client, source) : [path];
    const project = { id, slug, paths: new Set(paths) };
    known.set(slug, { project, at });
    return project;
  }

  async function findOne(slug: string): Promise<CircleciProject> {
    const found = known.get(slug);
    if (found !== undefined && isWithin(now(), found.at, FRESH_FOR)) return found.project;
    return flights.do(slug, () => fetchProject(slug));
  }

  return {
    find: (ciRepository) => Promise.all(ciRepository.split(' ').map(findOne)),
    async prove(ciRepository) {
      await Promise.all(ciRepository.split(' ').map(fetchId));
    },
  };
}

/** The slug of a project with the GitHub App, GitLab or Bitbucket Data Center consists of opaque ids. */
async function fetchCheckouts(id: string, slug: string, client: CiClient, source: Source): Promise<string[]> {
  const query = { 'filter[project_id]': id };
  const what = `the pipelines of ${slug}`;
  const { data } = await client.get({ path: '/api/v3/pipelines', query, what, permission: PERMISSION });
  return parseCheckouts(data, source);
}
