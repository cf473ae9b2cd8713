/** Answers for projects without CI (`builds: registry`): the whole core on the source of their commits. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import type { GitHost } from '../../../src/ci/git-host.ts';
import { UpstreamError } from '../../../src/errors.ts';
import type { Decision } from '../../../src/resolve/decision.ts';
import type { PullRequestHead } from '../../../src/resolve/ports.ts';
import { resolveBranch, type Resolution } from '../../../src/resolve/resolve-branch.ts';
import type { BranchRequest, Project } from '../../../src/resolve/types.ts';
import { AdaptiveFreshness } from '../../../src/runs/adaptive-freshness.ts';
import { composeRuns } from '../../../src/runs/repositories.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import {
  createImageRule,
  createProject,
  createPullRequestHead,
  digest,
  sha,
} from '../../fixtures/builders.ts';
import { createFakeGitHost } from '../../fixtures/fake-git-host.ts';
import { createFakeRegistry, OUTAGE } from '../../fixtures/fake-ports.ts';

const TAG = 'registry.test/shop/front:sha-7000000';
const PROJECT = createProject({
  builds: 'registry',
  ci: '',
  workflows: [],
  events: ['builds: registry'],
  images: [createImageRule('front', { revision: 'require' })],
});

let registry = createFakeRegistry();
let lastGood = createMemoryStore();
let gitHost: GitHost | undefined;
let head: () => Promise<PullRequestHead>;
let now = 1_000_000;

beforeEach(() => {
  registry = createFakeRegistry({ [TAG]: digest('f7') });
  lastGood = createMemoryStore();
  head = () => Promise.resolve(createPullRequestHead());
  gitHost = undefined;
  now = 1_000_000;
});

function resolve(given: Partial<BranchRequest> = {}, of: Partial<Project> = {}): Promise<Resolution> {
  const project = { ...PROJECT, ...(gitHost === undefined ? {} : { git: 'hub' }), ...of };
  const runsFor = composeRuns({
    projects: new Map([[project.name, project]]),
    connections: new Map([
      ['hub', { provider: {} as never, gitHost, freshness: new AdaptiveFreshness(1, 1, () => now) }],
    ]),
    images: registry,
    gateOf: () => undefined,
    now: () => now,
  });
  const request = { project, branch: 'feature', headSha: sha('7'), ...given };
  return resolveBranch(request, {
    runs: runsFor(request),
    images: registry,
    lastGood,
    pins: createPinMemory(),
  });
}

async function decide(given?: Partial<BranchRequest>, of?: Partial<Project>): Promise<Decision> {
  return (await resolve(given, of)).decision;
}

describe('the image of the commit that the call names', () => {
  test('is handed out if its revision is that commit; the answer says that no CI was asked', async () => {
    registry.revisions.set(digest('f7'), sha('7'));
    expect(await decide()).toMatchObject({
      kind: 'answered',
      freshness: 'fresh',
      because: expect.stringContaining('no CI was asked whether its build is green') as string,
      set: {
        build: { commit: sha('7'), branch: 'feature', id: '', number: '', url: '', finishedAt: 0 },
        images: { front: { digest: digest('f7') } },
      },
    });
    expect((await resolve()).builds[0]?.reason).toBe('named by the call, no CI asked (builds: registry)');
  });

  test.each([
    ['no revision', null],
    ["another commit's", sha('8')],
    ['only its beginning, which other commits may share', sha('7').slice(0, 12)],
  ])('is absent with %s', async (_name, revision) => {
    registry.revisions.set(digest('f7'), revision);
    expect(await decide()).toMatchObject({
      kind: 'nothing',
      freshness: 'fresh',
      because: expect.stringContaining(
        'does not have all images of the commit that the call names',
      ) as string,
    });
  });

  test('keeps what was handed out before while the new commit has no image', async () => {
    registry.revisions.set(digest('f7'), sha('7'));
    await decide();
    expect(await decide({ headSha: sha('8') })).toMatchObject({
      freshness: 'fresh',
      because: expect.stringContaining('kept what was handed out before') as string,
      set: { build: { commit: sha('7') } },
    });
  });

  test("follows the call after our clock, or another replica's, was ahead", async () => {
    registry.tags.set('registry.test/shop/front:sha-8000000', digest('f8'));
    registry.revisions.set(digest('f7'), sha('7'));
    registry.revisions.set(digest('f8'), sha('8'));
    now += 3_600_000;
    await decide();
    now -= 3_600_000;
    expect(await decide({ headSha: sha('8') })).toMatchObject({ set: { build: { commit: sha('8') } } });
  });

  test('follows the call to any other commit, even back: the call knows the head', async () => {
    const eight = 'registry.test/shop/front:sha-8000000';
    registry.tags.set(eight, digest('f8'));
    registry.revisions.set(digest('f7'), sha('7'));
    registry.revisions.set(digest('f8'), sha('8'));
    for (const commit of ['7', '8', '7']) {
      now += 1000;
      expect(await decide({ headSha: sha(commit) })).toMatchObject({
        set: { build: { commit: sha(commit) } },
      });
    }
  });

  test('is not missing while the registry fails', async () => {
    registry.failing.add('*');
    expect(await decide()).toMatchObject({ kind: 'failed', code: 'upstream_failed' });
    registry.failing.clear();
    registry.revisions.set(digest('f7'), sha('7'));
    await decide();
    registry.failing.add('*');
    expect(await decide()).toMatchObject({ kind: 'answered', freshness: 'stale' });
  });

  test('may have a tag that can move, since the revision proves it', async () => {
    registry.tags.set('registry.test/shop/front:feature', digest('f7'));
    registry.revisions.set(digest('f7'), sha('7'));
    const images = [
      createImageRule('front', { text: 'registry.test/shop/front:{branch}', revision: 'require' }),
    ];
    expect(await decide({}, { images })).toMatchObject({ kind: 'answered', freshness: 'fresh' });
    registry.revisions.set(digest('f7'), sha('8'));
    expect(await decide({}, { images })).toMatchObject({ set: { build: { commit: sha('7') } } });
  });
});

describe('with a Git host, the pull request decides whose commit it is:', () => {
  beforeEach(() => {
    gitHost = createFakeGitHost(() => head());
    registry.revisions.set(digest('f7'), sha('7'));
  });

  test('its own', async () => {
    expect(await decide({ number: '17' })).toMatchObject({ kind: 'answered' });
  });

  test("a fork's, which counts only with forks: true", async () => {
    head = () => Promise.resolve(createPullRequestHead({ origin: 'foreign' }));
    expect(await decide({ number: '17' })).toMatchObject({ kind: 'nothing' });
    expect(await decide({ number: '17' }, { forks: true })).toMatchObject({ kind: 'answered' });
  });

  test('unknown while the Git host fails, which is an error', async () => {
    head = () => Promise.reject(new UpstreamError(OUTAGE));
    expect(await decide({ number: '17' })).toMatchObject({ kind: 'failed' });
  });
});
