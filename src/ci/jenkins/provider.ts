/** The builds of Jenkins' multibranch pipelines. */
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import { UpstreamError } from '../../errors.ts';
import type { Clock } from '../../clock.ts';
import type { CiClient } from '../client.ts';
import type { CiProvider, RunPage } from '../provider.ts';
import { createJenkinsApi } from './api.ts';
import { JobListing } from './job-listing.ts';
import { encodeBranch, pullRequestJobs } from './job-names.ts';
import { BUILD_TREE, parseBuild, parseId, parseJobs } from './schema.ts';

const MAX_PIPELINES = 1000;

/** `ciRepository` is the full name of a multibranch pipeline. */
export function createJenkinsProvider(client: CiClient, now: Clock): CiProvider {
  const { host } = client;
  const api = createJenkinsApi(client);
  const listings = createBoundedCache<JobListing>(MAX_PIPELINES);

  function listingOf(pipeline: string): JobListing {
    const known = listings.get(pipeline);
    if (known !== undefined) return known;
    const created = new JobListing(api, pipeline, now, (unread) => client.reportUnread(unread));
    listings.set(pipeline, created);
    return created;
  }

  return {
    host,
    paging: 'keyset',
    repositoryKey: (pipeline) => pipeline,
    generation: client.generation,
    fetchRuns: (pipeline, cursor) => listingOf(pipeline).fetchPage(cursor),

    async fetchBranchRuns(pipeline, branch, cursor) {
      const page = await listingOf(pipeline).fetchJobs([encodeBranch(branch)], cursor);
      // A branch named PR-1 has the job of the pull request.
      return { ...page, runs: page.runs.filter((run) => run.branch === branch) };
    },

    fetchPullRequestRuns: (pipeline, number, cursor): Promise<RunPage> =>
      listingOf(pipeline).fetchJobs(pullRequestJobs(number), cursor),

    async fetchRun(pipeline, id) {
      const place = parseId(id);
      if (place === undefined) {
        const message = `${host}: ${JSON.stringify(id)} is not a build; expected JOB#NUMBER`;
        throw new UpstreamError({ kind: 'not_found', host, message });
      }
      const { job, number } = place;
      const answer = await api.findBuild(pipeline, job, number, BUILD_TREE);
      return answer === undefined ? 'gone' : parseBuild(answer.data, { pipeline, job }, api.source);
    },

    async probe(pipeline) {
      const { data } = await api.getPipeline(pipeline, 'jobs[name]{0,100}');
      const jobs = parseJobs(data, pipeline, api.source);
      const seen = jobs.length === 0 ? `no branches of ${pipeline} yet` : `the branches of ${pipeline}`;
      return `${client.anonymous ? 'without credentials, sees' : 'sees'} ${seen}`;
    },
  };
}
