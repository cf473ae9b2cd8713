import { describe, expect, it } from 'vitest';
import {
  createPipeline,
  createPullRequestTarget,
  createRefTarget,
  uuidOf,
} from '../../../fixtures/bitbucket/data.ts';
import { NOW, serve } from '../../../fixtures/bitbucket/connect.ts';
import { failureOf } from '../../../contract/ci/upstream.ts';

function queryOf(url: string | undefined): Record<string, string> {
  return Object.fromEntries(new URL(url ?? '', 'http://bitbucket.test').searchParams);
}

function page(found: object | 'unchanged') {
  if (found === 'unchanged') throw new Error('unchanged, although no validator was given');
  return found;
}

describe('the list of pipelines', () => {
  it('that is oldest first, because the key to sort by was ignored, is refused', async () => {
    const { server, ports } = await serve();
    server.data.pipelines.push(createPipeline(1), createPipeline(9));
    const body = JSON.stringify({ values: [createPipeline(1), createPipeline(9)], pagelen: 100, size: 2 });
    server.fault({ kind: 'alter', body }, { path: /pipelines/ });
    expect((await failureOf(ports.provider.fetchRuns('acme/shop'))).message).toContain('not newest first');
  });

  it('is always sorted by creation, newest first, since the default order is the reverse', async () => {
    const { server, ports } = await serve();
    server.data.pipelines = [createPipeline(2), createPipeline(1)];
    const { runs } = page(await ports.provider.fetchRuns('acme/shop')) as { runs: { number: string }[] };
    expect(runs.map(({ number }) => number)).toEqual(['2', '1']);
    expect(queryOf(server.requests[0]?.url)).toMatchObject({
      sort: '-created_on',
      pagelen: '100',
      page: '1',
    });
  });

  it('is read to its end by counting, although no page links to the next', async () => {
    const { server, ports } = await serve();
    server.habits.size = false;
    server.data.pipelines = Array.from({ length: 150 }, (_, i) => createPipeline(150 - i));
    expect(await ports.provider.fetchRuns('acme/shop')).toMatchObject({ next: '2', total: undefined });
    expect(await ports.provider.fetchRuns('acme/shop', '2')).toMatchObject({ next: undefined });
  });

  it('is a failure if half of it is missing', async () => {
    const { server, ports } = await serve();
    const body = JSON.stringify({ size: 5, pagelen: 100, values: [createPipeline(1)] });
    server.fault({ kind: 'alter', body });
    const failure = await failureOf(ports.provider.fetchRuns('acme/shop'));
    expect(failure).toMatchObject({ kind: 'malformed', message: expect.stringContaining('half a page') });
  });

  it('reports the clock of the response', async () => {
    const { ports } = await serve();
    expect(await ports.provider.fetchRuns('acme/shop')).toMatchObject({ clock: NOW });
  });
});

describe("a branch's list of pipelines", () => {
  it('leaves out what an ignored filter lets through, and then knows no total', async () => {
    const { server, ports } = await serve();
    server.habits.ignoresFilters = true;
    server.data.pipelines = [
      createPipeline(4, { target: createPullRequestTarget('feature', 3, 4) }),
      createPipeline(3, { target: createRefTarget('Feature', 3) }),
      createPipeline(2, { target: createRefTarget('feature', 2) }),
      createPipeline(1),
    ];
    const { runs, total } = await ports.provider.fetchBranchRuns('acme/shop', 'feature');
    expect([runs.map(({ number }) => number), total]).toEqual([['4', '2'], undefined]);
  });
});

describe('a pipeline', () => {
  it('is requested by its UUID with braces, and known by it without, so that a tag can contain it', async () => {
    const { server, ports } = await serve();
    server.data.pipelines = [createPipeline(7)];
    const id = uuidOf(7).slice(1, -1);
    expect(await ports.provider.fetchRun('acme/shop', id)).toMatchObject({ id, number: '7' });
    expect(server.requests[0]?.url).toContain(`/pipelines/%7B${id}%7D?`);
  });

  it('cannot be requested by anything else', async () => {
    const { server, ports } = await serve();
    expect(await failureOf(ports.provider.fetchRun('acme/shop', '../7'))).toMatchObject({
      kind: 'not_found',
    });
    expect(server.requests).toEqual([]);
  });
});

describe('a repository', () => {
  it.each(['acme', 'acme/..', 'acme/web/shop', '../shop', 'acme/shop?x'])(
    '%j is not requested',
    async (name) => {
      const { server, ports } = await serve();
      const failure = await failureOf(ports.provider.fetchRuns(name));
      expect(failure).toMatchObject({
        kind: 'not_found',
        message: expect.stringContaining('WORKSPACE/NAME'),
      });
      expect(server.requests).toEqual([]);
    },
  );
});

describe('a connection with a username', () => {
  it('signs in by Basic, as API tokens require', async () => {
    const { ports } = await serve({ username: 'jo@example.com' });
    expect(await ports.provider.probe('acme/shop')).toBe('sees no pipelines of acme/shop yet');
  });

  it('names what to check if Bitbucket does not accept the token', async () => {
    const { server, ports } = await serve({ username: 'jo@example.com' });
    server.fault({ kind: 'status', status: 401 });
    const { message } = await failureOf(ports.provider.probe('acme/shop'));
    expect(message).toContain("check username (the account's e-mail address) and the API token");
  });
});

describe('the quota', () => {
  it('is what is left of the hour after our own calls', async () => {
    const readings: number[][] = [];
    const { ports } = await serve({}, (_name, ...reading) => void readings.push(reading));
    await ports.provider.probe('acme/shop');
    await ports.provider.probe('acme/shop');
    expect(readings).toEqual([
      [999, 1000, NOW + 3_600_000],
      [998, 1000, NOW + 3_600_000],
    ]);
  });
});
