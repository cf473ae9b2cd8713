import { describe, expect, it } from 'vitest';
import type { Status } from '../../../fixtures/bitbucket/data.ts';
import { serve } from '../../../fixtures/bitbucket/connect.ts';
import { failureOf } from '../../../contract/ci/upstream.ts';

const COMMIT = 'a'.repeat(40);

function createStatus(key: string, state: Status['state'] = 'SUCCESSFUL'): Status {
  return { type: 'build', key, name: `${key} #7`, state, url: `https://ci.test/${key}` };
}

describe('the statuses of a commit', () => {
  it('are known by their keys, and have the host’s own words', async () => {
    const { server, ports } = await serve();
    server.data.statuses.set(COMMIT, [
      createStatus('scan'),
      createStatus('lint', 'STOPPED'),
      createStatus('test', 'INPROGRESS'),
      createStatus('unit', 'FAILED'),
    ]);
    expect(await ports.statuses.fetchStatuses('acme/shop', COMMIT)).toEqual({
      statuses: [
        { context: 'scan', state: 'success', outcome: 'SUCCESSFUL', url: 'https://ci.test/scan' },
        { context: 'lint', state: 'unsuccessful', outcome: 'STOPPED', url: 'https://ci.test/lint' },
        { context: 'test', state: 'pending', outcome: 'INPROGRESS', url: 'https://ci.test/test' },
        { context: 'unit', state: 'unsuccessful', outcome: 'FAILED', url: 'https://ci.test/unit' },
      ],
    });
  });

  it('are read from every page', async () => {
    const { server, ports } = await serve();
    const all = Array.from({ length: 101 }, (_, i) => createStatus(`key-${i}`));
    server.data.statuses.set(COMMIT, all);
    const page = await ports.statuses.fetchStatuses('acme/shop', COMMIT);
    expect(page === 'unchanged' ? [] : page.statuses).toHaveLength(101);
  });

  it('are a failure if there are more than can be read, since one of them may not be green', async () => {
    const { server, ports } = await serve();
    const all = Array.from({ length: 1001 }, (_, i) => createStatus(`key-${i}`));
    server.data.statuses.set(COMMIT, all);
    const failure = await failureOf(ports.statuses.fetchStatuses('acme/shop', COMMIT));
    expect(failure.message).toContain('more statuses than can be read');
  });

  it('are none for a commit that the repository does not have, once the repository is known', async () => {
    const { server, ports } = await serve();
    server.fault({ kind: 'status', status: 404 }, { path: /\/statuses/ });
    expect(await ports.statuses.fetchStatuses('acme/shop', COMMIT)).toEqual({ statuses: [] });
  });
});
