import { describe, expect, it } from 'vitest';
import type { CiProvider } from '../../../../src/ci/provider.ts';
import { connect, NOW, REPOSITORY, serve, takeRequests } from '../../../fixtures/gitlab/connect.ts';

const iso = (time: number) => new Date(time).toISOString();

async function begin(provider: CiProvider): Promise<string> {
  const page = await provider.fetchRuns(REPOSITORY);
  if (page === 'unchanged' || page.changes === undefined) throw new Error('expected a cursor');
  return page.changes;
}

async function read(provider: CiProvider, since: string) {
  const changes = await provider.fetchChanges?.(REPOSITORY, since);
  if (changes === undefined) throw new Error('expected changes');
  return changes;
}

describe('changes', () => {
  it('begin a minute before the first page, by the clock of GitLab', async () => {
    const gitlab = await serve();
    const { provider } = connect(gitlab.url, { now: () => NOW + 3_600_000 });
    const since = await begin(provider);
    takeRequests(gitlab);
    const { more, clock } = await read(provider, since);
    expect([more, clock]).toEqual([false, NOW]);
    expect(takeRequests(gitlab)).toEqual([
      'pipelines?updated_after=2026-01-01T05%3A59%3A00.000Z&order_by=updated_at&sort=asc&per_page=100&page=1',
    ]);
  });

  it('show a retry of an old pipeline, and cost one call while nothing changes', async () => {
    const gitlab = await serve();
    const old = gitlab.addPipeline(REPOSITORY, { status: 'failed' });
    gitlab.addPipeline(REPOSITORY);
    const { provider } = connect(gitlab.url);
    const since = await begin(provider);
    takeRequests(gitlab);
    const quiet = await read(provider, since);
    expect([quiet.runs, takeRequests(gitlab).length]).toEqual([[], 1]);
    gitlab.updatePipeline(REPOSITORY, old.id, { status: 'running', updated_at: iso(NOW) });
    const { runs } = await read(provider, quiet.next);
    expect(runs).toMatchObject([{ id: String(old.id), state: 'running', attempt: 1 }]);
  });

  it('go on at the time of the last one, so that none is skipped while pipelines change', async () => {
    const gitlab = await serve();
    for (let index = 0; index < 130; index++) {
      gitlab.addPipeline(REPOSITORY, { ref: 'refs/workloads/1', updated_at: iso(NOW + index) });
    }
    const { provider } = connect(gitlab.url);
    const first = await read(provider, await begin(provider));
    expect([first.runs.length, first.more]).toEqual([100, true]);
    // It moves to the end, and the others move up by one.
    const [moved] = gitlab.project(REPOSITORY).pipelines;
    gitlab.updatePipeline(REPOSITORY, moved?.id ?? 0, { updated_at: iso(NOW + 500) });
    const second = await read(provider, first.next);
    const seen = new Set([...first.runs, ...second.runs].map(({ id }) => id));
    expect([seen.size, second.more]).toEqual([130, false]);
  });

  it('end even if more than a page has changed at the same time', async () => {
    const gitlab = await serve();
    for (let index = 0; index < 250; index++) {
      gitlab.addPipeline(REPOSITORY, { ref: 'refs/workloads/1', updated_at: iso(NOW) });
    }
    const { provider } = connect(gitlab.url);
    const seen = new Set<string>();
    let changes = await read(provider, await begin(provider));
    for (let calls = 0; calls < 10; calls++) {
      for (const { id } of changes.runs) seen.add(id);
      if (!changes.more) break;
      changes = await read(provider, changes.next);
    }
    expect([seen.size, changes.more]).toEqual([250, false]);
  });

  it('say nothing about the place of one without an id', async () => {
    const gitlab = await serve();
    gitlab.addPipeline(REPOSITORY, { ref: 'refs/workloads/1', updated_at: iso(NOW) });
    const odd = gitlab.addPipeline(REPOSITORY, { ref: 'refs/workloads/1', updated_at: iso(NOW + 1) });
    const { provider } = connect(gitlab.url);
    const since = await begin(provider);
    Object.assign(odd, { id: 'x' });
    const { runs, unread } = await read(provider, since);
    expect([runs.length, unread]).toMatchObject([1, [{ id: null, position: null, createdAt: null }]]);
  });

  it('are not offered if GitLab does not show its clock', async () => {
    const gitlab = await serve();
    gitlab.addPipeline(REPOSITORY, { ref: 'refs/workloads/1' });
    gitlab.fault({ kind: 'alter', headers: { date: '' } });
    expect(await connect(gitlab.url).provider.fetchRuns(REPOSITORY)).toMatchObject({ changes: undefined });
  });

  it('refuse a cursor of another provider', async () => {
    const gitlab = await serve();
    await expect(read(connect(gitlab.url).provider, 'page 2')).rejects.toThrow(RangeError);
  });
});
