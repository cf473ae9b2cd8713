import { describe, expect, it, vi } from 'vitest';
import { compareRuns } from '../../../../src/resolve/run-order.ts';
import type { RunPage } from '../../../../src/ci/provider.ts';
import { listAll, PIPELINE, serveJenkins, type ServedJenkins } from '../../../fixtures/jenkins/connect.ts';
import { createBuild, MINUTE, START } from '../../../fixtures/jenkins/data.ts';
import { failureOf } from '../../../fixtures/github/connect.ts';

const idsOf = ({ runs }: RunPage) => runs.map(({ id }) => id);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => ({ number: i + 1 }));

/** Builds of several jobs take turns. */
function fill({ add }: ServedJenkins, jobs: number, builds: number): void {
  for (let job = 0; job < jobs; job++) {
    const own = numbers(builds).map(({ number }) => ({
      number,
      timestamp: START + (number * jobs + job) * MINUTE,
    }));
    add(`branch-${String(job).padStart(3, '0')}`, ...own);
  }
}

describe('the cost', () => {
  it('of 500 branches is a snapshot and five chunks at first, then one call while nothing changes', async () => {
    const jenkins = await serveJenkins();
    fill(jenkins, 500, 2);
    const pages = await listAll(jenkins);
    expect(pages.flatMap(idsOf)).toHaveLength(1000);
    expect(jenkins.sent()).toHaveLength(6);
    await jenkins.list();
    expect(jenkins.sent()).toEqual([
      '/job/acme/job/shop/api/json?tree=jobs[name,lastBuild[number,building,result,timestamp]]',
    ]);
    jenkins.server.verify();
  });

  it('of one new build is one call more', async () => {
    const jenkins = await serveJenkins();
    fill(jenkins, 30, 2);
    await jenkins.list();
    jenkins.add('branch-007', { number: 3, timestamp: START + 999 * MINUTE });
    jenkins.sent();
    expect(idsOf(await jenkins.list())[0]).toBe('branch-007#3');
    const calls = jenkins.sent();
    expect(calls).toHaveLength(2);
    expect(calls[1]).toMatch(/\/job\/branch-007\/api\/json\?tree=builds\[.*\]\{0,10\}$/);
  });

  it('of look-ups is nothing right after a refresh, even of branches that do not exist', async () => {
    const jenkins = await serveJenkins();
    fill(jenkins, 3, 2);
    await jenkins.list();
    jenkins.sent();
    const { provider, clock } = jenkins;
    clock.now += 9000;
    const page = await provider.fetchBranchRuns(PIPELINE, 'branch-001');
    expect(idsOf(page)).toEqual(['branch-001#2', 'branch-001#1']);
    expect([page.asOf, page.next]).toEqual([START, undefined]);
    expect(idsOf(await provider.fetchBranchRuns(PIPELINE, 'invented'))).toEqual([]);
    expect(jenkins.sent()).toEqual([]);
    clock.now += 2000;
    await Promise.all(['a', 'b', 'c'].map((branch) => provider.fetchBranchRuns(PIPELINE, branch)));
    expect(jenkins.sent()).toHaveLength(1);
  });
});

describe('a refresh', () => {
  it('shows how the last build of a job ends', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', { number: 1, building: true });
    expect((await jenkins.list()).runs).toMatchObject([{ state: 'running' }]);
    jenkins.server.data.jobs[0]?.builds.splice(0, 1, createBuild({ number: 1 }));
    expect((await jenkins.list()).runs).toMatchObject([{ state: 'success' }]);
  });

  it('shows how an older build ends that has waited for input', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', { number: 1, building: true }, { number: 2 });
    await jenkins.list();
    jenkins.server.data.jobs[0]?.builds.splice(1, 1, createBuild({ number: 1, result: 'ABORTED' }));
    expect((await jenkins.list()).runs[1]).toMatchObject({ id: 'main#1', outcome: 'ABORTED' });
  });

  it('keeps older builds that it has read, up to the first that still goes', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', ...numbers(30).map(({ number }) => ({ number, building: number === 15 })));
    const pages = await listAll(jenkins);
    expect(pages.flatMap(idsOf)).toHaveLength(30);
    const again = await jenkins.list();
    expect(idsOf(again).at(-1)).toBe('main#16');
    expect(again.next).toBeDefined();
  });

  it('reads a commit that was not known when the build began', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', { number: 1 }, { number: 2, building: true, actions: [{}] });
    expect(idsOf(await jenkins.list())).toEqual(['main#1']);
    jenkins.server.data.jobs[0]?.builds.splice(0, 1, createBuild({ number: 2, building: true }));
    expect(idsOf(await jenkins.list())).toEqual(['main#2', 'main#1']);
  });

  it('forgets a job that Jenkins has removed with its branch', async () => {
    const jenkins = await serveJenkins();
    fill(jenkins, 2, 1);
    await jenkins.list();
    jenkins.server.data.jobs.shift();
    expect(idsOf(await jenkins.list())).toEqual(['branch-001#1']);
    expect(await jenkins.provider.fetchRun(PIPELINE, 'branch-000#1')).toBe('gone');
  });

  it('takes a branch that was deleted and pushed again for another job', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', ...numbers(12));
    await listAll(jenkins);
    jenkins.server.data.jobs = [];
    jenkins.add(
      'main',
      ...numbers(11).map(({ number }) => ({ number, timestamp: START + (100 + number) * MINUTE })),
    );
    const pages = await listAll(jenkins);
    expect(pages.flatMap(({ runs }) => runs).map(({ position }) => position)).toEqual(
      numbers(11).map(({ number }) => START + (112 - number) * MINUTE),
    );
  });

  it('drops what the log rotation has deleted', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', ...numbers(9));
    await jenkins.list();
    jenkins.add('main', { number: 10 });
    jenkins.server.data.jobs[0]?.builds.splice(3);
    expect(idsOf(await jenkins.list())).toEqual(['main#10', 'main#9', 'main#8']);
  });

  it.each([
    ['a failure', { kind: 'status', status: 503 }],
    ['an odd answer', { kind: 'alter', body: '{"builds":"none"}' }],
  ] as const)('with %s for one job puts its branch in doubt, and no other', async (_case, fault) => {
    const jenkins = await serveJenkins();
    fill(jenkins, 3, 1);
    jenkins.server.fault(fault, { path: /branch-001/ });
    const doubtful = await jenkins.list();
    expect(idsOf(doubtful)).toEqual(['branch-002#1', 'branch-000#1']);
    expect(doubtful.unread).toMatchObject([{ id: 'branch-001#1', branch: 'branch-001' }]);
    jenkins.server.heal();
    expect(idsOf(await jenkins.list())).toHaveLength(3);
  });

  it('leaves no gap below a build that could not be read', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', ...numbers(5));
    await jenkins.list();
    jenkins.add('main', ...[6, 7, 8, 9].map((number) => ({ number })));
    jenkins.server.fault({ kind: 'status', status: 503 }, { path: /job\/main/ });
    expect((await jenkins.list()).unread).toMatchObject([{ id: 'main#9' }]);
    jenkins.server.heal();
    jenkins.add('main', ...numbers(9).map(({ number }) => ({ number: number + 9 })));
    expect((await listAll(jenkins)).flatMap(idsOf)).toHaveLength(18);
  });

  it('with an odd job in a chunk reads the others of the chunk one by one', async () => {
    const jenkins = await serveJenkins();
    fill(jenkins, 20, 1);
    jenkins.server.fault({ kind: 'alter', body: '{"jobs":[{"name":1}]}' }, { path: /jobs%5Bname%2Cbuilds/ });
    expect(idsOf(await jenkins.list())).toHaveLength(20);
  });

  it('fails as a whole if credentials stop to work in the middle of it', async () => {
    const jenkins = await serveJenkins();
    fill(jenkins, 3, 1);
    jenkins.server.fault({ kind: 'status', status: 401 }, { path: /branch-001/ });
    expect((await failureOf(jenkins.list())).kind).toBe('denied');
  });

  it('reads a job that moves between two chunks meanwhile', async () => {
    const jenkins = await serveJenkins();
    fill(jenkins, 20, 1);
    jenkins.server.fault({ kind: 'alter', body: '{"jobs":[]}' }, { path: /jobs%5Bname%2Cbuilds/, times: 1 });
    expect(idsOf(await jenkins.list())).toHaveLength(20);
  });

  it('reports an odd build once', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', { number: 1, actions: [] }, { number: 2 });
    expect((await jenkins.list()).unread).toMatchObject([{ id: 'main#1' }]);
    expect((await jenkins.list()).unread).toHaveLength(1);
    expect(jenkins.skipped()).toBe(1);
  });

  it('is as of its own begin, also for a caller that joins it', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', { number: 1 });
    const answered = Promise.withResolvers<void>();
    jenkins.server.fault({ kind: 'wait', until: answered.promise });
    const first = jenkins.list();
    await vi.waitUntil(() => jenkins.server.requests.length > 0);
    jenkins.clock.now += 500;
    const second = jenkins.list();
    answered.resolve();
    const [one, two] = await Promise.all([first, second]);
    expect([one.asOf, two.asOf]).toEqual([START, START]);
  });
});

describe('the pages', () => {
  it('show every build once, newest first, however the jobs differ in length', async () => {
    const jenkins = await serveJenkins();
    const { add, provider } = jenkins;
    const counts = [45, 3, 11, 1, 10, 27, 0, 60];
    const total = counts.reduce((sum, count) => sum + count, 0);
    // Three builds at a time, spread over the jobs without a pattern.
    const order = counts
      .flatMap((count, job) =>
        Array.from({ length: count }, (_, i) => ({ job, at: (i * 37 + job * 11) % 101 })),
      )
      .toSorted((a, b) => a.at - b.at);
    const built = counts.map(() => 0);
    for (const [time, { job }] of order.entries()) {
      built[job] = (built[job] ?? 0) + 1;
      add(`job-${job}`, { number: built[job] ?? 0, timestamp: START + Math.floor(time / 3) });
    }
    const runs = (await listAll(jenkins)).flatMap((page) => page.runs);
    expect(runs).toHaveLength(total);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
    expect(runs.toSorted((a, b) => compareRuns(b, a))).toEqual(runs);
    expect(provider.paging).toBe('keyset');
    jenkins.server.verify();
  });

  it('end above what a busy branch hides, so that no older build seems to be missing', async () => {
    const jenkins = await serveJenkins();
    jenkins.add(
      'main',
      ...numbers(40).map(({ number }) => ({ number, timestamp: START + (10 + number) * MINUTE })),
    );
    jenkins.add('quiet', { number: 1, timestamp: START + 20 * MINUTE });
    const first = await jenkins.list();
    expect(idsOf(first)).toHaveLength(10);
    expect(first.next).toBeDefined();
    const second = await jenkins.list(first.next);
    expect(idsOf(second)).toContain('quiet#1');
  });

  it('reach beyond the hundred builds to which Jenkins limits a list', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', ...numbers(130));
    expect((await listAll(jenkins)).flatMap(idsOf)).toHaveLength(130);
  });

  it('are read on after a restart of Greenpin, or by another replica', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', ...numbers(30));
    const { next } = await jenkins.list();
    const other = await serveJenkins();
    other.add('main', ...numbers(30));
    expect(idsOf(await other.list(next))[0]).toBe('main#20');
  });

  it('fail rather than skip, if builds are deleted meanwhile, and are right afterwards', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', ...numbers(40));
    const { next } = await jenkins.list();
    jenkins.server.data.jobs[0]?.builds.splice(0, 3);
    expect((await failureOf(jenkins.list(next))).kind).toBe('unavailable');
    expect((await listAll(jenkins)).flatMap(idsOf)).toHaveLength(37);
  });

  it('refuse the cursor of another provider', async () => {
    const jenkins = await serveJenkins();
    await expect(jenkins.list('2')).rejects.toThrow(RangeError);
  });
});

describe("a branch's list", () => {
  it('is read on in steps to its end', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('main', ...numbers(40));
    const lengths = [];
    let cursor: string | undefined;
    do {
      const page = await jenkins.provider.fetchBranchRuns(PIPELINE, 'main', cursor);
      lengths.push(page.runs.length);
      cursor = page.next;
    } while (cursor !== undefined);
    expect(lengths).toEqual([10, 35, 40]);
  });

  it('has no builds of the pull request whose job has its name', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('PR-7', { number: 1 });
    expect(idsOf(await jenkins.provider.fetchBranchRuns(PIPELINE, 'PR-7'))).toEqual([]);
  });
});

describe("a pull request's list", () => {
  it('ends where one of the jobs has older builds, whatever the other job shows', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('PR-7-merge', { number: 1, timestamp: START });
    jenkins.add('PR-7-head', ...numbers(20));
    const first = await jenkins.provider.fetchPullRequestRuns?.(PIPELINE, '7');
    expect(first && idsOf(first).at(-1)).toBe('PR-7-head#11');
    const second = await jenkins.provider.fetchPullRequestRuns?.(PIPELINE, '7', first?.next);
    expect(second && idsOf(second).at(-1)).toBe('PR-7-merge#1');
    expect([second?.runs.length, second?.next]).toEqual([21, undefined]);
  });

  it('unites the jobs of both strategies', async () => {
    const jenkins = await serveJenkins();
    jenkins.add('PR-7-head', { number: 1 }, { number: 3 });
    jenkins.add('PR-7-merge', { number: 2 });
    jenkins.add('PR-70', { number: 9 });
    const page = await jenkins.provider.fetchPullRequestRuns?.(PIPELINE, '7');
    expect(page && idsOf(page)).toEqual(['PR-7-head#3', 'PR-7-merge#2', 'PR-7-head#1']);
  });
});
