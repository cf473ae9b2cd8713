/** What each kind's server says about its limits, over HTTP, becomes `greenpin_quota_*`. */
import { Agent } from 'undici';
import { expect, it } from 'vitest';
import { selectKind } from '../../../src/ci/kinds.ts';
import { createJsonReply } from '../../../src/cli/demo/loopback-server.ts';
import { UpstreamError } from '../../../src/errors.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { createFakeServer } from '../../fixtures/fake-server.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const IN_A_MINUTE = String(NOW / 1000 + 60);

async function readQuota(kindName: string, headers: Record<string, string>): Promise<string[]> {
  await using stack = new AsyncDisposableStack();
  const server = await createFakeServer(kindName, { now: () => NOW }, () =>
    createJsonReply(200, {}, headers),
  );
  stack.defer(() => server.close());
  const agent = stack.adopt(new Agent(), (each) => each.close());
  const metrics = createMetrics('1', () => NOW);
  const kind = selectKind(kindName);
  const { provider, gitHost } = kind.connect(
    {
      name: 'it',
      kind: kindName,
      url: `http://${server.host}`,
      auth: { kind: 'token', source: { env: 'TOKEN' } },
    },
    {
      now: () => NOW,
      env: { TOKEN: 'sesame' },
      warn: () => undefined,
      observer: metrics,
      timeoutMs: 10_000,
      dispatcherFor: () => agent,
    },
  );
  const { hasRuns = true } = kind;
  // The answer has no data, so that the call fails; its headers are read all the same.
  const call = hasRuns ? provider.probe(repositoryOf(kindName)) : gitHost?.probe(repositoryOf(kindName));
  await expect(call).rejects.toBeInstanceOf(UpstreamError);
  const lines = (await metrics.expose()).split('\n');
  return lines.filter((line) => line.startsWith('greenpin_quota_')).toSorted();
}

function repositoryOf(kindName: string): string {
  return { 'azure-devops': 'acme/shop/front', circleci: 'gh/acme/shop' }[kindName] ?? 'acme/shop';
}

it.each([
  [
    'github',
    '5000',
    { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': IN_A_MINUTE },
  ],
  [
    'gitlab',
    '2000',
    { 'ratelimit-limit': '2000', 'ratelimit-remaining': '7', 'ratelimit-reset': IN_A_MINUTE },
  ],
  [
    'azure-devops',
    '200',
    { 'x-ratelimit-limit': '200', 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': IN_A_MINUTE },
  ],
  [
    'bitbucket-server',
    '60',
    {
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '7',
      'x-ratelimit-fillrate': '5',
      'x-ratelimit-interval-seconds': '1',
    },
  ],
  ['buildkite', '200', { 'ratelimit-limit': '200', 'ratelimit-remaining': '7', 'ratelimit-reset': '60' }],
  ['circleci', '51', { ratelimit: 'limit=51, remaining=7, reset=60' }],
])('%s: 7 calls are left of %s', async (kind, limit, headers) => {
  expect(await readQuota(kind, headers)).toEqual([
    `greenpin_quota_limit{ci="it"} ${limit}`,
    'greenpin_quota_remaining{ci="it"} 7',
  ]);
});

it('bitbucket: the own calls are counted, since it does not say how many are left', async () => {
  expect(await readQuota('bitbucket', {})).toEqual([
    'greenpin_quota_limit{ci="it"} 1000',
    'greenpin_quota_remaining{ci="it"} 999',
  ]);
});

it.each(['gitea', 'forgejo', 'jenkins', 'woodpecker'])('%s: has no limits of its own', async (kind) => {
  expect(await readQuota(kind, { 'x-ratelimit-remaining': '7', 'x-ratelimit-limit': '60' })).toEqual([]);
});
