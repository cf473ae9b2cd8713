/**
 * Checks the schemas for CircleCI's answers against those that its own command line is tested with
 * (CircleCI-Public/circleci-cli, `acceptance/run_test.go` and `internal/testing/fakes/circleci.go`), whose
 * comments say what the real API does.
 */
import { describe, expect, it } from 'vitest';
import { createHistory, parseWorkflowPage } from '../../src/ci/circleci/history.ts';
import { parseCheckouts, parseProjectId, parseRunPage } from '../../src/ci/circleci/schema.ts';

const SOURCE = { host: 'circleci.com', api: 'CircleCI' };
const PROJECT_ID = 'aaaaaaaa-0000-0000-0000-000000000001';
const REVISION = '0123456789abcdef0123456789abcdef01234567';

/** "The real V3 runs API reports only current_outcome, never outcome". */
const run = {
  id: 'bbbbbbbb-0000-0000-0000-000000000001',
  attributes: { phase: 'ended', created_at: '2020-01-01T12:00:00Z', current_outcome: 'succeeded' },
  references: {
    event: {
      attributes: {
        vcs: {
          branch: 'main',
          revision: REVISION,
          origin_repository_url: 'https://github.com/testorg/testrepo',
          commit: {
            subject: 'Fix the widget',
            url: `https://github.com/testorg/testrepo/commit/${REVISION}`,
            author: { name: 'Ada Lovelace', login: 'ada' },
          },
        },
      },
    },
    trigger: { attributes: { event_source: { type: 'webhook' } } },
    project: { id: PROJECT_ID },
    user: { id: 'c0000000-0000-4000-8000-000000000001' },
  },
};

const workflow = {
  id: 'bbbbbbbb-0000-0000-0000-000000000002',
  attributes: {
    name: 'build-and-test',
    phase: 'ended',
    outcome: 'succeeded',
    created_at: '2020-01-01T12:00:00Z',
    ended_at: '2020-01-01T12:02:34Z',
  },
  references: { run: { id: run.id }, project: { id: PROJECT_ID } },
};

describe("the answers of CircleCI's own tests", () => {
  it('have a run whose outcome is the current one', () => {
    const projects = [{ id: PROJECT_ID, slug: 'gh/testorg/testrepo', paths: new Set(['testorg/testrepo']) }];
    const page = parseRunPage(
      { data: [run], page: { next: '1', prev: null } },
      { projects, appUrl: 'https://app.circleci.com', source: SOURCE },
    );
    expect(page.next).toBe('1');
    expect(page.runs).toMatchObject([
      {
        id: run.id,
        state: 'success',
        origin: 'own',
        event: 'webhook',
        branch: 'main',
        commit: REVISION,
        workflow: 'gh/testorg/testrepo',
        url: `https://app.circleci.com/pipeline/${run.id}`,
      },
    ]);
  });

  it('have workflows, in a list without pages', () => {
    const { workflows, next } = parseWorkflowPage({ data: [workflow] }, SOURCE);
    expect(next).toBeUndefined();
    expect(createHistory(workflows)).toEqual({
      endedAt: Date.parse('2020-01-01T12:02:34Z'),
      startedAt: Date.parse('2020-01-01T12:00:00Z'),
      attempt: 1,
      isGreen: true,
    });
  });

  it('have a project, or an empty list for an unknown slug', () => {
    const project = {
      id: PROJECT_ID,
      attributes: { name: 'testrepo' },
      references: { org: { id: PROJECT_ID } },
    };
    const page = { next: null, prev: null };
    expect(parseProjectId({ data: [project], page }, SOURCE)).toBe(PROJECT_ID);
    expect(parseProjectId({ data: [], page }, SOURCE)).toBeUndefined();
  });

  it('have pipelines that check out a repository', () => {
    const vcs = { provider: 'github_app', repo_id: '111111111', repo_full_name: 'myorg/myrepo' };
    const attributes = { name: 'my-pipeline', config: { type: 'vcs', vcs }, checkout: { type: 'vcs', vcs } };
    expect(parseCheckouts({ data: [{ id: PROJECT_ID, attributes }] }, SOURCE)).toEqual(['myorg/myrepo']);
  });
});
