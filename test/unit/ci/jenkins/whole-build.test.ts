/** Every field of a run, and builds that say too little. */
import { describe, expect, it } from 'vitest';
import { parseBuilds, parseSnapshot } from '../../../../src/ci/jenkins/schema.ts';
import {
  buildData,
  commitOf,
  createBuild,
  MINUTE,
  START,
  type JenkinsBuild,
} from '../../../fixtures/jenkins/data.ts';

const SOURCE = { host: 'jenkins.example.com', api: 'Jenkins' };
const HEAD = 'a'.repeat(40);

function read(changes: Partial<JenkinsBuild> = {}, job = 'main') {
  return parseBuilds(
    [createBuild({ number: 12, ...changes }, job)],
    { pipeline: 'acme/shop', job },
    SOURCE,
  )[0];
}

describe('a build of a branch', () => {
  it('is a run with all of these fields', () => {
    expect(read()?.run).toEqual({
      id: 'main#12',
      number: '12',
      attempt: 1,
      workflow: 'acme/shop',
      workflowId: 'acme/shop',
      branch: 'main',
      pullRequest: null,
      refKind: 'branch',
      commit: commitOf(12),
      builtCommit: commitOf(12),
      event: 'branch',
      state: 'success',
      outcome: 'SUCCESS',
      headRepositoryId: 'acme/shop',
      origin: 'own',
      mayPush: true,
      url: 'https://jenkins.example.com/job/acme/job/shop/job/main/12/',
      position: START + 12 * MINUTE,
      tie: expect.any(String),
      createdAt: START + 12 * MINUTE,
      startedAt: START + 12 * MINUTE,
      updatedAt: START + 13 * MINUTE,
      committedAt: null,
    });
  });
});

describe("a pull request's build", () => {
  it('that has no revision may have built a merge, so its head is unknown', () => {
    const build = read({ actions: [buildData(HEAD, 'PR-7')] }, 'PR-7');
    expect([build?.run, build?.unread?.id]).toEqual([undefined, 'PR-7#12']);
  });
});

describe('a job', () => {
  it('without builds is left out', () => {
    const lastBuild = { number: 3, timestamp: START, building: false, result: 'SUCCESS' };
    const jobs = [{ name: 'new', lastBuild: null }, { name: 'newer' }, { name: 'main', lastBuild }];
    expect(parseSnapshot({ jobs }, 'acme/shop', SOURCE)).toEqual([{ name: 'main', lastBuild }]);
  });
});
