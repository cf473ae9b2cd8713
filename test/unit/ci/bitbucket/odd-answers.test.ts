/** Lists that are one element short, and names and numbers that came from elsewhere. */
import { describe, expect, it } from 'vitest';
import { bracedUuid, repositoryPath } from '../../../../src/ci/bitbucket/names.ts';
import { parsePage } from '../../../../src/ci/bitbucket/page.ts';
import { parsePipelines } from '../../../../src/ci/bitbucket/schema.ts';
import { failureOf } from '../../../contract/ci/upstream.ts';
import { serve } from '../../../fixtures/bitbucket/connect.ts';
import { createPipeline, uuidOf } from '../../../fixtures/bitbucket/data.ts';

const HOST = 'api.bitbucket.org';
const SOURCE = { host: HOST, api: 'Bitbucket' };

describe('the list of pipelines', () => {
  it.each([
    // Counted by another query, the list may be one short; then its end proves nothing.
    [1, false],
    [2, true],
  ])('of which one is shown, and %i counted, is short: %s', async (size, short) => {
    const { server, ports } = await serve();
    const body = JSON.stringify({ size, pagelen: 100, values: [createPipeline(1)] });
    server.fault({ kind: 'alter', body });
    expect(await ports.provider.fetchRuns('acme/shop')).toMatchObject({
      short,
      total: size,
      next: undefined,
    });
  });

  it('has no total if it reports none', () => {
    const page = parsePage({ values: [], size: null }, { page: 1, pagelen: 100 }, SOURCE);
    expect(page).toEqual({ values: [], total: undefined, missing: 0, next: undefined });
  });
});

describe('a pipeline', () => {
  it('whose id is no UUID cannot be read, since it could not be read again', () => {
    const odd = { ...createPipeline(2), uuid: `${createPipeline(2).uuid}x` };
    const { runs, unread } = parsePipelines(
      [createPipeline(3), odd, createPipeline(1)],
      { gitRepository: 'acme/shop', clock: undefined },
      SOURCE,
    );
    expect(runs.map(({ number }) => number)).toEqual(['3', '1']);
    expect(unread).toMatchObject([{ id: null, position: 2 }]);
  });
});

describe('a name', () => {
  it.each(['shop', 'acme/web/shop', 'acme/..', 'acme/.', '../shop', 'acme/', '/shop', ''])(
    '%j is no repository',
    (name) => {
      expect(() => repositoryPath(name, HOST)).toThrow('expected WORKSPACE/NAME');
    },
  );

  it('may begin with a dot', () => {
    expect(repositoryPath('acme/.github', HOST)).toBe('/2.0/repositories/acme/.github');
  });

  it.each(['x7', '7x', '', '../7'])('%j is no number of a pull request', async (number) => {
    const { server, ports } = await serve();
    const failure = await failureOf(ports.gitHost.fetchPullRequest('acme/shop', number));
    expect(failure).toMatchObject({ kind: 'not_found', message: expect.stringContaining('expected digits') });
    expect(server.requests).toEqual([]);
  });

  it('of a pipeline is its UUID', () => {
    const uuid = uuidOf(7).replaceAll(/[{}]/g, '');
    expect(bracedUuid(uuid, HOST)).toBe(`{${uuid}}`);
    for (const odd of [`x${uuid}`, `${uuid}x`, `{${uuid}}`, '7']) {
      expect(() => bracedUuid(odd, HOST)).toThrow('UUID');
    }
  });
});
