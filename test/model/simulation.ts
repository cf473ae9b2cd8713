/**
 * A CI and a registry that the test sees from inside: everything that happened is known, so that each answer
 * can be judged. Time is the simulation's own.
 */
import { UpstreamError, type UpstreamFailureKind } from '../../src/errors.ts';
import type { Run } from '../../src/resolve/types.ts';
import { isUnfinished } from '../../src/resolve/run-state.ts';
import type { CommitStatus, CommitStatuses } from '../../src/ci/commit-statuses.ts';
import { digest, sha, createPullRequestHead } from '../fixtures/builders.ts';
import type { Call } from './cost.ts';
import { GITHUB, newestFirst, PAGE, pageOf, present, type ProviderStyle } from './pages.ts';
import type { Digest, ImageReference } from '../../src/image/image.ts';
import type { GitHost } from '../../src/ci/git-host.ts';
import { createFakeGitHost } from '../fixtures/fake-git-host.ts';
import type { CiProvider, Cursor, RunChanges, RunPage } from '../../src/ci/provider.ts';
import type { DigestResult, RegistryClient } from '../../src/registry/registry-client.ts';
import type { UnreadRun } from '../../src/resolve/ports.ts';

export const WORKFLOWS = ['.github/workflows/build.yml', '.github/workflows/test.yml'] as const;
export const IMAGES = ['front', 'back'] as const;

/** A green and complete build, as it truly is. */
export interface TrueBuild {
  readonly commit: string;
  /** When its newest run was created. */
  readonly position: number;
}

/**
 * A run that goes on for so many milliseconds is followed noticeably less often, once it has left the first
 * page.
 */
const LONG = 120_000;

interface Epoch {
  readonly from: number;
  readonly truth: TrueBuild | undefined;
}

export interface Simulation {
  now: number;
  readonly ci: CiProvider;
  readonly gitHost: GitHost;
  readonly registry: RegistryClient;
  /** The statuses of commits, in a gated simulation: a commit has none until it gets one. */
  readonly statuses: CommitStatuses;
  /** Calls to CI and the registry so far. */
  readonly calls: readonly Call[];
  fault: {
    ci?: UpstreamFailureKind | undefined;
    registry?: UpstreamFailureKind | undefined;
    statuses?: UpstreamFailureKind | undefined;
  };
  /** When a call last failed. */
  failedAt: number;
  /** Filtered lists show the world as it was then; undefined: as it is. */
  staleFilterSince: number | undefined;
  /** Runs that CI's lists show and nobody can read, and what of them can be read. */
  readonly odd: Map<string, Partial<UnreadRun>>;
  /** How many runs more CI's counts tell than there are. */
  lag: number;
  /** Happens before the next second page of a listing is served. */
  betweenPages: (() => void) | undefined;
  pass(milliseconds: number): void;
  /** A commit is pushed: a run of each workflow is queued. @returns its SHA */
  push(branch: string, foreign?: boolean): string;
  /** Each run of the n-th newest commit of the branch ends. */
  finish(branch: string, nth: number, success: boolean, pushesImages?: boolean): void;
  /** Each run that goes on now waits for a person, or goes on once more. */
  block(branch: string, nth: number): void;
  release(branch: string, nth: number): void;
  /** Sets the status of the n-th newest commit of the branch. */
  setStatus(branch: string, nth: number, state: CommitStatus['state']): void;
  /** When the commit's status last stopped being a success; undefined: it has not. */
  turnedRedAt(commit: string): number | undefined;
  /** The same runs begin anew. */
  rerun(branch: string, nth: number): void;
  /** Of runs that have ended, only the jobs that had failed run again, and end well: they push no image. */
  rerunFailed(branch: string, nth: number): void;
  deleteRuns(branch: string, nth: number): void;
  /** One of its runs cannot be read any more, but for a part of it. */
  spoil(branch: string, nth: number, remains: Partial<UnreadRun>): void;
  deleteImage(branch: string, nth: number, name: string): void;
  /**
   * Newest green and complete build over the whole of the time span; undefined: there was none, or it
   * changed.
   */
  truthThroughout(branch: string, from: number, to: number): TrueBuild | undefined;
  /** Whether at some moment of the time span the branch had no green and complete build. */
  lackedBuild(branch: string, from: number, to: number): boolean;
  wasGreen(branch: string, commit: string): boolean;
  /** An image of the commit was taken out of the registry, at some time. */
  lostImage(commit: string): boolean;
  /** When the run was created, whether it still exists or not. */
  createdAt(runId: string): number;
  digestOf(commit: string, name: string): Digest;
  headOf(branch: string, foreign?: boolean): string | undefined;
  /** Since when a fork has had runs on a branch of this name; undefined: it has none. */
  contestedSince(branch: string): number | undefined;
  /**
   * A finished run of the commit began anew while the listing's first page no longer showed it, or its image
   * came back.
   */
  isHardToSee(commit: string): boolean;
  /** All commits of which that holds. */
  hardToSee(): string[];
  /** Runs of the commit began anew. */
  wasRerun(commit: string): boolean;
  /**
   * Since when the branch's newest build has been green only because an old run was run again; undefined:
   * that is not so, or something else about it is hard to see.
   */
  greenAgainSince(branch: string): number | undefined;
  /** A run of the commit, or an image, has changed in this time span, ends included. */
  changedBetween(commit: string, from: number, to: number): boolean;
  /**
   * Runs of the commit were deleted: nobody is told, and what is off the listing's first page is not missed
   * there.
   */
  wasDeleted(commit: string): boolean;
  /**
   * A run of the commit ended late, or while the listing's first page did not show it: it is followed, but
   * not on every refresh.
   */
  endedUnlisted(commit: string): boolean;
}

/** How long before an image's digest was read its commit's statuses may have been: a re-run takes longer. */
const STATUS_MARGIN = 60_000;

/** @param isGated whether a commit is green only if its status is a success, too */
export function createSimulation(
  branches: readonly string[],
  style: ProviderStyle = GITHUB,
  isGated = false,
): Simulation {
  let runs: Run[] = [];
  let filtered: Run[] = [];
  let commits = 0;
  let ids = 0;
  const images = new Set<string>();
  /** What each tag by branch holds: name and tag, to the commit. */
  const moving = new Map<string, string>();
  /** What a tag by branch has ever held can still be pulled by its digest. */
  const everMoved = new Set<string>();
  const lost = new Set<string>();
  const green = new Set<string>();
  const hard = new Set<string>();
  const rerun = new Set<string>();
  /** Commits whose image came back. */
  const revived = new Set<string>();
  /** How often a commit turned green. */
  const turnedGreen = new Map<string, number>();
  const greenNow = new Set<string>();
  const created = new Map<string, number>();
  const unlisted = new Set<string>();
  const deleted = new Set<string>();
  const statuses = new Map<string, CommitStatus['state']>();
  const redAt = new Map<string, number>();
  const epochs = new Map<string, Epoch[]>(
    branches.map((branch) => [branch, [{ from: 0, truth: undefined }]]),
  );

  const calls: Call[] = [];
  const changes: { readonly commit: string; readonly at: number }[] = [];
  /** Commits whose runs were created or have changed, in that order. */
  const stream: string[] = [];
  /** As docker/metadata-action names a branch's tag. */
  function moveTags(branch: string, commit: string): void {
    for (const name of IMAGES) {
      moving.set(`${name}:${branch.replaceAll('/', '-')}`, commit);
      everMoved.add(imageKey(commit, name));
    }
  }

  const sim: Simulation = {
    now: 1_000_000_000,
    calls,
    fault: {},
    failedAt: -Infinity,
    staleFilterSince: undefined,
    odd: new Map(),
    lag: 0,
    betweenPages: undefined,
    ci: createCi(),
    gitHost: createGitHost(),
    registry: createRegistry(),
    statuses: createStatuses(),
    pass(milliseconds) {
      sim.now += milliseconds;
    },
    push(branch, foreign = false) {
      // Only the runs of one commit are created in the same second.
      sim.now += 1000;
      const commit = sha((++commits).toString(16).padStart(6, '0'));
      for (const workflow of WORKFLOWS) runs.push(createQueued(branch, commit, workflow, foreign));
      stream.push(commit);
      settle();
      return commit;
    },
    finish(branch, nth, success, pushesImages = true) {
      // Not in the very millisecond of a call before it.
      sim.now += 1;
      const commit = commitOf(branch, nth);
      const ends = runs.some(
        (run) => run.commit === commit && run.state === 'running' && run.origin === 'own',
      );
      if (commit !== undefined && ends && pushesImages) moveTags(branch, commit);
      change(commit, (run) =>
        run.state === 'running'
          ? { ...run, state: success ? 'success' : 'unsuccessful', outcome: success ? 'success' : 'failure' }
          : run,
      );
      if (commit !== undefined && success && pushesImages) {
        for (const name of IMAGES) {
          const key = imageKey(commit, name);
          if (!images.has(key) && (lost.has(commit) || green.has(`${branch} ${commit}`))) revived.add(commit);
          images.add(key);
        }
      }
      settle();
    },
    block: (branch, nth) => setState(branch, nth, 'running', 'blocked'),
    release: (branch, nth) => setState(branch, nth, 'blocked', 'running'),
    setStatus(branch, nth, state) {
      sim.now += 1;
      const commit = commitOf(branch, nth);
      if (commit === undefined) return;
      if (statuses.get(commit) === 'success' && state !== 'success') redAt.set(commit, sim.now);
      statuses.set(commit, state);
      settle();
    },
    turnedRedAt: (commit) => redAt.get(commit),
    rerun(branch, nth) {
      const commit = commitOf(branch, nth);
      if (commit !== undefined) rerun.add(commit);
      if (style.rerunsAnew === true) return rerunAnew(branch, commit);
      change(commit, (run) =>
        isUnfinished(run)
          ? run
          : {
              ...run,
              attempt: run.attempt + 1,
              state: 'running',
              outcome: 'in_progress',
              startedAt: Math.floor(sim.now / 1000) * 1000,
            },
      );
      settle();
    },
    rerunFailed(branch, nth) {
      const commit = commitOf(branch, nth);
      if (runs.some((run) => run.commit === commit && isUnfinished(run))) return;
      sim.rerun(branch, nth);
      sim.now += 1000;
      sim.finish(branch, nth, true, false);
    },
    deleteRuns(branch, nth) {
      const commit = commitOf(branch, nth);
      if (commit !== undefined) deleted.add(commit);
      runs = runs.filter((run) => run.commit !== commit);
      settle();
    },
    spoil(branch, nth, remains) {
      const commit = commitOf(branch, nth);
      const run = newestFirst(runs).find((one) => one.commit === commit);
      if (run !== undefined) sim.odd.set(run.id, remains);
    },
    deleteImage(branch, nth, name) {
      const commit = commitOf(branch, nth);
      if (commit !== undefined && images.delete(imageKey(commit, name))) lost.add(commit);
      settle();
    },
    truthThroughout(branch, from, to) {
      const [first, ...rest] = during(branch, from, to).map(({ truth }) => truth);
      return rest.every((truth) => truth?.commit === first?.commit) ? first : undefined;
    },
    lackedBuild: (branch, from, to) => during(branch, from, to).some(({ truth }) => truth === undefined),
    wasGreen: (branch, commit) => green.has(`${branch} ${commit}`),
    lostImage: (commit) => lost.has(commit),
    createdAt: (runId) => created.get(runId) ?? 0,
    digestOf: (commit, name) => digest(`${name === 'front' ? 'f' : 'b'}${commit.slice(0, 8)}`),
    headOf: (branch, foreign = false) =>
      newestFirst(runs).find((run) => run.branch === branch && (run.origin === 'foreign') === foreign)
        ?.commit,
    contestedSince: (branch) =>
      runs.find((run) => run.branch === branch && run.origin === 'foreign')?.position,
    isHardToSee: (commit) => hard.has(commit) || revived.has(commit),
    hardToSee: () => [...hard],
    wasRerun: (commit) => rerun.has(commit),
    greenAgainSince(branch) {
      const all = epochs.get(branch) ?? [];
      const truth = all.at(-1)?.truth;
      const from = all[all.findLastIndex((epoch) => epoch.truth?.commit !== truth?.commit) + 1]?.from;
      if (truth === undefined || revived.has(truth.commit) || deleted.size > 0) return undefined;
      const newer = runs.filter((run) => run.branch === branch && run.position > truth.position);
      const wasGreen = newer.some(({ commit }) => turnedGreen.has(commit));
      return wasGreen || turnedGreen.get(truth.commit) !== 1 ? undefined : from;
    },
    wasDeleted: (commit) => deleted.has(commit),
    changedBetween: (commit, from, to) =>
      changes.some((one) => one.commit === commit && one.at >= from && one.at <= to),
    endedUnlisted: (commit) => unlisted.has(commit),
  };

  function createQueued(branch: string, commit: string, workflow: string, foreign: boolean): Run {
    const second = Math.floor(sim.now / 1000) * 1000;
    const id = String(++ids);
    const run: Run = {
      id,
      number: id,
      attempt: 1,
      workflow,
      workflowId: workflow,
      branch,
      pullRequest: null,
      refKind: 'branch',
      commit,
      builtCommit: commit,
      event: 'push',
      state: 'running',
      outcome: 'queued',
      headRepositoryId: foreign ? '666' : '1',
      origin: foreign ? 'foreign' : 'own',
      mayPush: !foreign,
      url: '',
      position: second,
      tie: id.padStart(20, '0'),
      createdAt: second,
      startedAt: second,
      updatedAt: second,
      committedAt: second - 1000,
    };
    created.set(style.present(run).id, second);
    return run;
  }

  function rerunAnew(branch: string, commit: string | undefined): void {
    const ended = runs.filter((run) => run.commit === commit && !isUnfinished(run));
    if (commit === undefined || ended.length === 0) return;
    sim.now += 1000;
    const again = new Map(ended.map(({ workflow, origin }) => [workflow, origin === 'foreign']));
    for (const [workflow, foreign] of again) {
      if (workflow !== null) runs.push(createQueued(branch, commit, workflow, foreign));
    }
    noteChange(commit);
    settle();
  }

  function setState(branch: string, nth: number, from: Run['state'], to: Run['state']): void {
    sim.now += 1;
    change(commitOf(branch, nth), (run) => (run.state === from ? { ...run, state: to, outcome: to } : run));
    settle();
  }

  function noteChange(commit: string): void {
    changes.push({ commit, at: sim.now });
    stream.push(commit);
  }

  function commitOf(branch: string, nth: number): string | undefined {
    return [...new Set(newestFirst(runs.filter((run) => run.branch === branch)).map((run) => run.commit))][
      nth
    ];
  }

  function change(commit: string | undefined, update: (run: Run) => Run): void {
    if (commit !== undefined) noteChange(commit);
    const listed = new Set(newestFirst(runs).slice(0, PAGE));
    runs = runs.map((run) => {
      if (run.commit !== commit) return run;
      const changed = update(run);
      if (changed === run) return run;
      if (isUnfinished(run)) {
        if (!listed.has(run) || sim.now - run.position > LONG) unlisted.add(run.commit);
      } else if (!listed.has(run)) hard.add(run.commit);
      return { ...changed, updatedAt: Math.floor(sim.now / 1000) * 1000 };
    });
  }

  /** Writes down what is true from now on. */
  function settle(): void {
    if (sim.staleFilterSince === undefined) filtered = [...runs];
    for (const branch of branches) {
      const own = newestFirst(runs.filter((run) => run.branch === branch && run.origin === 'own'));
      const withRuns = [...new Set(own.map((run) => run.commit))].filter((commit) =>
        WORKFLOWS.every(
          (workflow) =>
            own.find((run) => run.commit === commit && run.workflow === workflow)?.state === 'success',
        ),
      );
      const nowGreen = withRuns.filter((commit) => passes(commit, 0));
      for (const commit of withRuns) {
        if (passes(commit, STATUS_MARGIN)) green.add(`${branch} ${commit}`);
      }
      for (const commit of nowGreen) {
        if (!greenNow.has(commit)) turnedGreen.set(commit, (turnedGreen.get(commit) ?? 0) + 1);
      }
      for (const { commit } of own) if (!nowGreen.includes(commit)) greenNow.delete(commit);
      for (const commit of nowGreen) greenNow.add(commit);
      const truth = nowGreen.find((commit) => IMAGES.every((name) => images.has(imageKey(commit, name))));
      const position = own.find((run) => run.commit === truth)?.position ?? 0;
      epochs
        .get(branch)
        ?.push({ from: sim.now, truth: truth === undefined ? undefined : { commit: truth, position } });
    }
  }

  /** @param marginMs how long ago the status may have been a success */
  function passes(commit: string, marginMs: number): boolean {
    const until = (redAt.get(commit) ?? -Infinity) + marginMs;
    return !isGated || statuses.get(commit) === 'success' || sim.now < until;
  }

  function during(branch: string, from: number, to: number): Epoch[] {
    const all = epochs.get(branch) ?? [];
    return all.filter((epoch, index) => epoch.from <= to && (all[index + 1]?.from ?? Infinity) > from);
  }

  /** @param outcome looked at once the call has arrived */
  async function called(
    what: string,
    outcome: () => Call['outcome'] = () => 'new',
    total: () => number | undefined = () => undefined,
  ): Promise<void> {
    await Promise.resolve();
    const failed = sim.fault.ci !== undefined;
    calls.push({ what, at: sim.now, total: total(), outcome: failed ? 'failed' : outcome() });
    if (sim.fault.ci === undefined) return;
    sim.failedAt = sim.now;
    throw new UpstreamError({ kind: sim.fault.ci, host: 'ci.test', message: 'ci.test failed' });
  }

  /** A few changes at a time, the one before the cursor included. */
  async function fetchChanges(_repository: string, since: Cursor): Promise<RunChanges> {
    await called('changes');
    const start = Math.max(0, Number(since) - 1);
    const end = Math.min(start + PAGE, stream.length);
    const changed = new Set(stream.slice(start, end));
    const shown = newestFirst(runs.filter(({ commit }) => changed.has(commit)));
    return { ...present(shown, style, sim), next: String(end), more: end < stream.length };
  }

  async function fetchPullRequestRuns(
    _repository: string,
    number: string,
    cursor?: Cursor,
  ): Promise<RunPage> {
    await called(`branch of pull request ${number} ${cursor ?? 1}`);
    return pageOf(
      runs.filter((run) => style.present(run).pullRequest === number),
      cursor,
      style,
      sim,
    );
  }

  function createCi(): CiProvider {
    return {
      host: 'ci.test',
      paging: style.paging,
      ...(style.paging === 'numbered' && { cursorOf: String }),
      repositoryKey: (gitRepository) => gitRepository,
      async fetchRuns(_repository, cursor, validator) {
        await called(`list ${cursor ?? 1}`, () => {
          if (runs.length === 0) return 'empty';
          const current = pageOf(runs, cursor, style, sim).validator;
          return validator !== undefined && validator === current ? 'unchanged' : 'new';
        });
        if (cursor !== undefined) {
          const happens = sim.betweenPages;
          sim.betweenPages = undefined;
          happens?.();
        }
        const answer = pageOf(runs, cursor, style, sim);
        if (validator !== undefined && validator === answer.validator) return 'unchanged';
        return { ...answer, changes: String(stream.length) };
      },
      async fetchBranchRuns(_repository, branch, cursor) {
        const answer = (): RunPage => {
          const all = sim.staleFilterSince === undefined ? runs : filtered;
          const ofBranch = all.filter((run) => style.present(run).branch === branch);
          return pageOf(ofBranch, cursor, style, sim);
        };
        await called(
          `branch ${branch} ${cursor ?? 1}`,
          () => 'new',
          () => answer().total,
        );
        return answer();
      },
      ...(style.present !== GITHUB.present && { fetchPullRequestRuns }),
      ...(style.hasChanges && { fetchChanges }),
      async fetchRun(_repository, id) {
        const find = (): Run | undefined => runs.find((run) => style.present(run).id === id);
        await called(`run ${id}`, () => {
          const run = find();
          return run === undefined ? 'absent' : sim.odd.has(run.id) ? 'failed' : 'found';
        });
        const run = find();
        if (run !== undefined && sim.odd.has(run.id)) {
          throw new UpstreamError({ kind: 'malformed', host: 'ci.test', message: 'an odd run' });
        }
        return run === undefined ? 'gone' : style.present(run);
      },
      probe: async () => '',
    };
  }

  function createGitHost(): GitHost {
    return createFakeGitHost(async (_repository, number) => {
      await called(`pull request ${number}`);
      return createPullRequestHead({ origin: number.startsWith('9') ? 'foreign' : 'own' });
    });
  }

  function createRegistry(): RegistryClient {
    return {
      async resolveDigest({ path, tag, digest: wanted }: ImageReference): Promise<DigestResult> {
        await Promise.resolve();
        const result = digestNow(path, tag, wanted);
        calls.push({ what: `digest ${path}:${tag ?? wanted}`, at: sim.now, outcome: result.kind });
        return result;
      },
      resolveRevision: async () => ({ kind: 'found', revisions: [] }),
    };
  }

  function createStatuses(): CommitStatuses {
    return {
      host: 'git.test',
      async fetchStatuses(_repository, commit, validator) {
        await Promise.resolve();
        const { statuses: failure } = sim.fault;
        calls.push({ what: `statuses ${commit}`, at: sim.now, outcome: failure ? 'failed' : 'new' });
        if (failure !== undefined) {
          sim.failedAt = sim.now;
          throw new UpstreamError({ kind: failure, host: 'git.test', message: 'git.test failed' });
        }
        const state = statuses.get(commit);
        if (style.hasValidator && validator === `is ${state}`) return 'unchanged';
        return {
          statuses: state === undefined ? [] : [{ context: 'scan', state, outcome: state }],
          ...(style.hasValidator && { validator: `is ${state}` }),
        };
      },
    };
  }

  function digestNow(path: string, tag: string | undefined, wanted: Digest | undefined): DigestResult {
    if (sim.fault.registry !== undefined) {
      sim.failedAt = sim.now;
      const failure = { kind: sim.fault.registry, host: 'registry.test', message: 'registry.test failed' };
      return { kind: 'failed', failure };
    }
    const moved = moving.get(`${path}:${tag}`);
    if (moved !== undefined) return { kind: 'found', digest: sim.digestOf(moved, path), mediaType: '' };
    const key = [...images, ...(wanted === undefined ? [] : everMoved)].find((image) =>
      wanted === undefined
        ? image === `${path}:${tag}`
        : sim.digestOf(commitOfKey(image), path) === wanted && image.startsWith(path),
    );
    if (key === undefined) return { kind: 'absent', missing: 'manifest', reason: 'MANIFEST_UNKNOWN' };
    return { kind: 'found', digest: sim.digestOf(commitOfKey(key), path), mediaType: '' };
  }

  return sim;
}

function imageKey(commit: string, name: string): string {
  return `${name}:${commit}`;
}
function commitOfKey(key: string): string {
  return key.slice(key.indexOf(':') + 1);
}
