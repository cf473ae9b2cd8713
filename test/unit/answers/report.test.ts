import { describe, expect, test } from 'vitest';
import { createImageRule, createProject, digest, sha } from '../../fixtures/builders.ts';
import { reference, reportOf } from '../../fixtures/cli/branch-report.ts';

const RED = { id: '8', state: 'unsuccessful' } as const;

const runOf = (id: string, outcome: string) => ({
  id,
  attempt: 1,
  workflow: '.github/workflows/build.yml',
  event: 'push',
  outcome,
  url: `https://ci.test/runs/${id}`,
});
const found = (name: string) => ({
  kind: 'found',
  reference: reference(name, '7'),
  digest: digest(`${name[0]}7`),
  fromCommit: null,
  fromBranch: null,
});
const parameters = (name: string) => ({
  reference: `registry.test/shop/${name}@${digest(`${name[0]}7`)}`,
  repository: `registry.test/shop/${name}`,
  tag: `sha-${sha('7').slice(0, 7)}`,
  digest: digest(`${name[0]}7`),
});

describe('resolve --json', () => {
  test('has the documented shape, with every key always present', async () => {
    const report = await reportOf({
      runs: [{ id: '7' }, RED, { id: '9', event: 'schedule' }],
      front: ['7'],
      back: ['7'],
      request: { headSha: sha('8'), number: '17' },
    });
    expect(report).toStrictEqual({
      project: 'shop',
      gitRepository: 'acme/shop',
      branch: 'feature',
      headSha: sha('8'),
      number: '17',
      targetBranch: null,
      answer: {
        kind: 'answered',
        freshness: 'fresh',
        asOf: '1970-01-01T00:00:01.000Z',
        because: 'the newest green build whose images are all in the registry',
        parameters: [
          {
            digestFront: digest('f7'),
            digestBack: digest('b7'),
            images: { front: parameters('front'), back: parameters('back') },
            build: {
              commit: sha('7'),
              commitShort: sha('7').slice(0, 8),
              branch: 'feature',
              branchSlug: 'feature',
              id: '7',
              number: '7',
              attempt: '1',
              url: 'https://ci.test/runs/7',
              finishedAt: '1970-01-01T00:00:07.500Z',
              isHead: 'false',
            },
          },
        ],
      },
      builds: [
        {
          commit: sha('8'),
          number: '8',
          url: 'https://ci.test/runs/8',
          verdict: 'unsuccessful',
          reason: 'build.yml failure (push)',
          finishedAt: '1970-01-01T00:00:08.500Z',
          statuses: null,
          images: null,
          runs: [runOf('8', 'failure')],
        },
        {
          commit: sha('7'),
          number: '7',
          url: 'https://ci.test/runs/7',
          verdict: 'green',
          reason: 'build.yml success (push)',
          finishedAt: '1970-01-01T00:00:07.500Z',
          statuses: null,
          images: { front: found('front'), back: found('back') },
          runs: [runOf('7', 'success')],
        },
      ],
      ignoredRuns: { 'event schedule is not in events': 1 },
    });
  });

  test('names the queried repository, and hands out the one of handOut', async () => {
    const images = [createImageRule('front', { handOut: 'mirror.test/front' })];
    const { answer, builds } = await reportOf({
      runs: [{ id: '7' }],
      front: ['7'],
      request: { project: createProject({ images }) },
    });
    expect(builds[0]?.images).toEqual({ front: found('front') });
    const handedOut = { reference: `mirror.test/front@${digest('f7')}`, repository: 'mirror.test/front' };
    expect(answer).toMatchObject({ parameters: [{ images: { front: handedOut } }] });
  });

  test('has null for missing input', async () => {
    expect(await reportOf({})).toMatchObject({ headSha: null, number: null, targetBranch: null });
  });

  test('has a reason and no parameters if there is nothing to deploy', async () => {
    const { answer, builds, ignoredRuns } = await reportOf({});
    expect(answer).toStrictEqual({
      kind: 'nothing',
      freshness: 'fresh',
      asOf: '1970-01-01T00:00:01.000Z',
      because: 'project shop, branch feature: CI has never run for a branch of this name',
      parameters: [],
    });
    expect([builds, ignoredRuns]).toEqual([[], {}]);
  });

  test('has the error that Argo CD would get, and no parameters, after a failure', async () => {
    expect((await reportOf({ ciFails: true })).answer).toStrictEqual({
      kind: 'failed',
      error: 'upstream_failed',
      message: 'project shop, branch feature: upstream.test cannot answer now',
    });
  });

  test('says for each image how it was found, was absent, or failed', async () => {
    const { builds } = await reportOf({
      runs: [{ id: '7' }, { id: '8' }],
      front: ['8'],
      failing: ['back'],
      request: { project: createProject({ lookback: 1 }) },
    });
    expect(builds.map(({ images }) => images)).toStrictEqual([
      {
        front: {
          kind: 'found',
          reference: reference('front', '8'),
          digest: digest('f8'),
          fromCommit: null,
          fromBranch: null,
        },
        back: {
          kind: 'failed',
          reference: reference('back', '8'),
          reason: 'upstream.test cannot answer now',
        },
      },
      null,
    ]);
  });

  test('names the source build of an image with `onMissing: previous`', async () => {
    const images = [createImageRule('front'), createImageRule('back', { onMissing: 'previous' })];
    const { builds } = await reportOf({
      runs: [{ id: '7' }, { id: '8' }],
      front: ['7', '8'],
      back: ['7'],
      request: { project: createProject({ images }) },
    });
    expect(builds[0]?.images?.['back']).toMatchObject({ digest: digest('b7'), fromCommit: sha('7') });
  });

  test('names the target branch and the build of an image that comes from it', async () => {
    const images = [createImageRule('front'), createImageRule('back', { onMissing: 'target' })];
    const { builds, targetBranch } = await reportOf({
      runs: [{ id: '7', branch: 'main' }, { id: '8' }],
      front: ['8'],
      back: ['7'],
      request: { project: createProject({ images }), targetBranch: 'main' },
    });
    expect(targetBranch).toBe('main');
    expect(builds[0]?.images?.['back']).toMatchObject({ fromCommit: sha('7'), fromBranch: 'main' });
  });

  test('reports an image with an invalid reference', async () => {
    const images = [createImageRule('front', { text: 'registry.test/shop/front:pr-{pull_request}' })];
    const { builds, answer } = await reportOf({
      runs: [{ id: '7' }],
      request: { project: createProject({ images }) },
    });
    expect(answer).toMatchObject({ kind: 'failed', error: 'invalid_request' });
    expect(builds[0]?.images?.['front']).toEqual({
      kind: 'invalid',
      reason: expect.stringMatching(/^project shop, image front: .*number/),
    });
  });
});
