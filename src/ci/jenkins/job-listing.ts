/**
 * Reads the builds of a multibranch pipeline in two steps, since Jenkins lists no builds across jobs and loads
 * each one from disk: a snapshot of every job's last build, then the builds of the jobs that have changed.
 */
import { UpstreamError } from '../../errors.ts';
import type { Clock } from '../../clock.ts';
import { inGroups } from '../../resilience/in-groups.ts';
import { KeyedQueue } from '../../resilience/keyed-queue.ts';
import { isWithin } from '../../clock.ts';
import type { CiClient } from '../client.ts';
import type { Cursor, RunPage } from '../provider.ts';
import type { JenkinsApi } from './api.ts';
import {
  continueBuilds,
  doubtBuilds,
  dropOlderBuilds,
  isStale,
  parsePlace,
  selectPage,
  selectWithoutGaps,
  toPage,
  unfinishedJobs,
  withoutProof,
  type JobBuilds,
} from './job-builds.ts';
import {
  BUILD_TREE,
  parseBuildList,
  parseBuilds,
  parseJobBuilds,
  parseSnapshot,
  type ListedJob,
} from './schema.ts';

/** Newest builds of each job that a refresh reads, and the limit for all jobs together. */
const DEPTH = 10;
const MAX_BUILDS = 20_000;
/** Builds that a further page adds to a job, and the number of jobs that it reads. */
const OLDER = 25;
const MOST_OLDER_JOBS = 4;
/** Limit on builds kept, in total. Above half of it, a refresh forgets the older ones. */
const MAX_KEPT = 50_000;
/** If more jobs than this have changed, they are read in chunks of the list of jobs. */
const MOST_SINGLE_JOBS = 16;
const CHUNK = 100;
const AT_ONCE = 8;
/** How long look-ups use the last refresh, in milliseconds. */
const FRESH_FOR = 10_000;

const SNAPSHOT_TREE = 'jobs[name,lastBuild[number,building,result,timestamp]]';

/** Each method throws `UpstreamError`. */
export class JobListing {
  readonly #api: JenkinsApi;
  readonly #pipeline: string;
  readonly #now: Clock;
  readonly #reportUnread: CiClient['reportUnread'];
  /** Refreshes and reads of older builds take turns, since both replace what is known. */
  readonly #queue = new KeyedQueue();
  /** By name. */
  readonly #jobs = new Map<string, JobBuilds>();
  /** When the last refresh began, milliseconds since the epoch by our clock, and Jenkins' clock then. */
  #refreshed: { readonly asOf: number; readonly clock: number | undefined } | undefined;

  constructor(api: JenkinsApi, pipeline: string, now: Clock, reportUnread: CiClient['reportUnread']) {
    this.#api = api;
    this.#pipeline = pipeline;
    this.#now = now;
    this.#reportUnread = reportUnread;
  }

  /** @param cursor undefined: the newest page, by a refresh */
  async fetchPage(cursor: Cursor | undefined): Promise<RunPage> {
    const before = cursor === undefined ? undefined : parsePlace(cursor);
    if (before === undefined) await this.#queue.run('', 'list', () => this.#refresh());
    else await this.#ensureRead();
    let page = selectPage(this.#jobs.values(), before);
    if (page.next !== undefined && page.runs.length + (page.unread?.length ?? 0) === 0) {
      const unfinished = unfinishedJobs(this.#jobs.values()).slice(0, MOST_OLDER_JOBS);
      await this.#readOlder(unfinished.map(({ name }) => name));
      page = selectPage(this.#jobs.values(), before);
    }
    return { ...page, ...this.#refreshed };
  }

  /**
   * @param names of jobs, which may not exist
   * @param cursor undefined: what the last refresh has read; else with older builds
   * @returns what is known about the jobs without gaps
   */
  async fetchJobs(names: readonly string[], cursor: Cursor | undefined): Promise<RunPage> {
    await this.#ensureRead();
    if (cursor !== undefined) await this.#readOlder(names);
    const jobs = names.flatMap((name) => this.#jobs.get(name) ?? []);
    const { builds } = selectWithoutGaps(jobs);
    const next = jobs.every(({ whole }) => whole) ? undefined : MORE;
    return { ...toPage(builds), next, ...this.#refreshed };
  }

  async #ensureRead(): Promise<void> {
    const isFresh = () =>
      this.#refreshed !== undefined && isWithin(this.#now(), this.#refreshed.asOf, FRESH_FOR);
    // Another call may have refreshed meanwhile.
    if (!isFresh()) await this.#queue.run('', 'look up', async () => isFresh() || (await this.#refresh()));
  }

  async #refresh(): Promise<void> {
    const asOf = this.#now();
    const { data, clock } = await this.#api.getPipeline(this.#pipeline, SNAPSHOT_TREE);
    const listed = parseSnapshot(data, this.#pipeline, this.#api.source);
    const stale = listed.filter((job) => isStale(this.#jobs.get(job.name), job));
    const names = new Set(listed.map(({ name }) => name));
    for (const name of this.#jobs.keys()) if (!names.has(name)) this.#jobs.delete(name);
    const depth = Math.min(DEPTH, Math.max(1, Math.floor(MAX_BUILDS / Math.max(1, listed.length))));
    const left = stale.length > MOST_SINGLE_JOBS ? await this.#readChunks(listed, stale, depth) : stale;
    await inGroups(left, AT_ONCE, (job) => this.#readJob(job, depth));
    if (this.#countKept() > MAX_KEPT / 2) {
      for (const [name, job] of this.#jobs) this.#jobs.set(name, dropOlderBuilds(job, depth));
    }
    this.#refreshed = { asOf, clock };
  }

  /** @returns jobs that have moved to another chunk meanwhile, or whose chunk cannot be parsed */
  async #readChunks(
    listed: readonly ListedJob[],
    stale: readonly ListedJob[],
    depth: number,
  ): Promise<ListedJob[]> {
    const wanted = new Map(stale.map((job) => [job.name, job]));
    const places = listed.flatMap(({ name }, index) => (wanted.has(name) ? [Math.floor(index / CHUNK)] : []));
    const readChunk = async (chunk: number): Promise<void> => {
      const range = `{${chunk * CHUNK},${(chunk + 1) * CHUNK}}`;
      const tree = `jobs[name,builds[${BUILD_TREE}]{0,${depth}}]${range}`;
      const { data } = await this.#api.getPipeline(this.#pipeline, tree);
      for (const { name, builds } of parseJobBuilds(data, this.#api.source)) {
        const job = wanted.get(name);
        if (job === undefined) continue;
        this.#replace(job, builds, depth);
        wanted.delete(name);
      }
    };
    await inGroups([...new Set(places)], AT_ONCE, async (chunk) => {
      try {
        await readChunk(chunk);
      } catch (error) {
        // One odd job must not hide the others of its chunk, which are then read one by one.
        if (!(error instanceof UpstreamError) || error.failure.kind !== 'malformed') throw error;
      }
    });
    return [...wanted.values()];
  }

  async #readJob(job: ListedJob, depth: number): Promise<void> {
    try {
      const tree = `builds[${BUILD_TREE}]{0,${depth}}`;
      const answer = await this.#api.findJob(this.#pipeline, job.name, tree);
      if (answer === undefined) this.#jobs.delete(job.name);
      else this.#replace(job, parseBuildList(answer.data, 'builds', this.#api.source), depth);
    } catch (error) {
      if (!isOfOneJob(error)) throw error;
      const doubtful = doubtBuilds(job, this.#jobs.get(job.name));
      this.#jobs.set(job.name, doubtful);
      this.#reportUnread(doubtful.builds.slice(0, 1).flatMap(({ unread }) => unread ?? []));
    }
  }

  #replace({ name, lastBuild: seen }: ListedJob, elements: readonly unknown[], depth: number): void {
    const builds = this.#parse(name, elements);
    const newest: JobBuilds = { name, seen, builds, whole: elements.length < depth };
    this.#jobs.set(name, continueBuilds(newest, this.#jobs.get(name)));
  }

  /** Reads older builds of these jobs. */
  async #readOlder(names: readonly string[]): Promise<void> {
    const read = async (name: string): Promise<void> => {
      const job = this.#jobs.get(name);
      if (job !== undefined && !job.whole) await this.#readOlderBuilds(job);
    };
    await this.#queue.run('', JSON.stringify(names), () => inGroups(names, AT_ONCE, read));
  }

  /** Begins at the oldest known build, to prove that none was deleted above it. */
  async #readOlderBuilds(job: JobBuilds): Promise<void> {
    this.#refuseTooMany();
    const { name, builds } = job;
    const [first, end] = [builds.length - 1, builds.length + OLDER];
    const tree = `allBuilds[${BUILD_TREE}]{${first},${end}}`;
    const answer = await this.#api.findJob(this.#pipeline, name, tree);
    if (answer === undefined) return;
    const elements = parseBuildList(answer.data, 'allBuilds', this.#api.source);
    const read = this.#parse(name, elements);
    const last = builds.at(-1)?.number ?? Infinity;
    if ((read[0]?.number ?? -Infinity) < last) {
      this.#jobs.set(name, withoutProof({ ...job, builds: builds.slice(0, 1) }));
      throw this.#unavailable(`builds of ${this.#pipeline} were deleted while they were read`);
    }
    const older = read.filter((build) => build.number < last);
    this.#jobs.set(name, { ...job, builds: [...builds, ...older], whole: elements.length < end - first });
  }

  #parse(job: string, elements: readonly unknown[]) {
    const builds = parseBuilds(elements, { pipeline: this.#pipeline, job }, this.#api.source);
    this.#reportUnread(builds.flatMap(({ unread }) => unread ?? []));
    return builds;
  }

  #countKept(): number {
    let kept = 0;
    for (const { builds } of this.#jobs.values()) kept += builds.length;
    return kept;
  }

  #refuseTooMany(): void {
    if (this.#countKept() > MAX_KEPT)
      throw this.#unavailable(`${this.#pipeline} has more builds than can be read`);
  }

  #unavailable(problem: string): UpstreamError {
    const { host } = this.#api.source;
    return new UpstreamError({ kind: 'unavailable', host, message: `${host}: ${problem}` });
  }
}

/** The snapshot could be read, so Jenkins itself is well. */
function isOfOneJob(error: unknown): boolean {
  return (
    error instanceof UpstreamError &&
    (error.failure.kind === 'malformed' || error.failure.kind === 'unavailable')
  );
}

/** What is known already tells where to read on. */
const MORE = 'older';
