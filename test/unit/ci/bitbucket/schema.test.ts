import { describe, expect, it } from 'vitest';
import { bitbucketProjectKeys } from '../../../../src/ci/bitbucket/project-keys.ts';
import { parsePipeline, parsePipelines } from '../../../../src/ci/bitbucket/schema.ts';
import { selectBuilds } from '../../../../src/resolve/select-builds.ts';
import { createProject, createRequest } from '../../../fixtures/builders.ts';
import {
  createPipeline,
  createPullRequestTarget,
  createRefTarget,
  hashOf,
  STATES,
  type Pipeline,
} from '../../../fixtures/bitbucket/data.ts';

const HOST = 'api.bitbucket.org';
const CONTEXT = { gitRepository: 'acme/shop', clock: undefined };

function parse(change: Partial<Pipeline>) {
  return parsePipeline(createPipeline(7, change), CONTEXT, HOST);
}

function triggered(type: string, target = createRefTarget('main', 7)) {
  return parse({ trigger: { type: `pipeline_trigger_${type}`, name: type.toUpperCase() }, target });
}

const CUSTOM = { ...createRefTarget('main', 7), selector: { type: 'custom', pattern: 'deploy' } };

describe('a recorded pipeline', () => {
  // The values of gildas/bitbucket-cli#102.
  it('is read', () => {
    const recorded = {
      type: 'pipeline',
      uuid: '{7d8e9f00-1a2b-4c3d-8e4f-5a6b7c8d9e0f}',
      build_number: 4011,
      state: {
        name: 'COMPLETED',
        type: 'pipeline_state_completed',
        result: { name: 'SUCCESSFUL', type: 'pipeline_state_completed_successful' },
      },
      created_on: '2026-05-28T16:03:35.550641504Z',
      completed_on: '2026-05-28T16:28:23.554063737Z',
      target: {
        type: 'pipeline_ref_target',
        ref_type: 'branch',
        ref_name: 'develop',
        selector: { type: 'default' },
        commit: { hash: 'c373229ac27300b1e1fde96d30c1b862d7ab276e' },
      },
      trigger: { type: 'pipeline_trigger_push', name: 'PUSH' },
    };
    expect(parsePipeline(recorded, CONTEXT, HOST)).toEqual({
      id: '7d8e9f00-1a2b-4c3d-8e4f-5a6b7c8d9e0f',
      number: '4011',
      attempt: 1,
      workflow: 'default',
      workflowId: 'default',
      branch: 'develop',
      pullRequest: null,
      refKind: 'branch',
      commit: 'c373229ac27300b1e1fde96d30c1b862d7ab276e',
      builtCommit: 'c373229ac27300b1e1fde96d30c1b862d7ab276e',
      event: 'push',
      state: 'success',
      outcome: 'SUCCESSFUL',
      headRepositoryId: 'acme/shop',
      origin: 'own',
      mayPush: true,
      url: 'https://bitbucket.org/acme/shop/pipelines/results/4011',
      position: 4011,
      tie: '',
      createdAt: Date.parse('2026-05-28T16:03:35.550Z'),
      startedAt: Date.parse('2026-05-28T16:03:35.550Z'),
      updatedAt: Date.parse('2026-05-28T16:28:23.554Z'),
      committedAt: null,
    });
  });
});

describe('the state of a pipeline', () => {
  it.each([
    ['pending', 'running', 'PENDING'],
    ['running', 'running', 'RUNNING'],
    ['success', 'success', 'SUCCESSFUL'],
    ['unsuccessful', 'unsuccessful', 'FAILED'],
    ['error', 'unsuccessful', 'ERROR'],
    ['stopped', 'unsuccessful', 'STOPPED'],
    ['expired', 'unsuccessful', 'EXPIRED'],
  ] as const)('%s is %s, in its own word %s', (name, state, outcome) => {
    expect(parse({ state: STATES[name] })).toMatchObject({ state, outcome });
  });

  it('paused at a manual step is blocked', () => {
    expect(parse({ state: STATES.paused })).toMatchObject({ state: 'blocked', outcome: 'PAUSED' });
  });

  it('paused may have pushed until the response, since Bitbucket does not say when the pause began', () => {
    const clock = Date.parse('2026-01-02T00:00:00Z');
    const paused = parsePipeline(
      { ...createPipeline(7, { state: STATES.paused }), completed_on: undefined },
      { ...CONTEXT, clock },
      HOST,
    );
    expect(paused.updatedAt).toBe(clock);
  });

  it('halted, for example without build minutes, is not finished, and no wait for a person', () => {
    expect(parse({ state: STATES.halted })).toMatchObject({ state: 'running', outcome: 'HALTED' });
  });

  it.each([
    { type: 'pipeline_state_completed', name: 'COMPLETED' },
    { type: 'pipeline_state_new', name: 'NEW' },
  ])('is never a success if it is unknown: %o', (state) => {
    expect(parse({ state }).state).toBe('unsuccessful');
  });
});

describe('the event of a pipeline', () => {
  it.each([
    ['push', 'push'],
    // Only custom pipelines have variables, so this one does what a push would have done.
    ['manual', 'push'],
    ['schedule', 'schedule'],
    ['scheduled', 'schedule'],
    ['parent_step', 'parent'],
    ['new', 'new'],
  ])("of a branch's definition, triggered by %s, is %s", (type, event) => {
    expect(triggered(type).event).toBe(event);
  });

  it.each([
    ['push', 'manual'],
    ['manual', 'manual'],
    ['schedule', 'schedule'],
    ['parent_step', 'parent'],
  ])('of a custom pipeline, triggered by %s, is %s', (type, event) => {
    expect(triggered(type, CUSTOM)).toMatchObject({ event, workflow: 'custom:deploy' });
  });

  it.each(['push', 'manual', 'pull_request'])(
    "of a pull request's, triggered by %s, is pull_request",
    (type) => {
      expect(triggered(type, createPullRequestTarget('feature', 3, 7)).event).toBe('pull_request');
    },
  );
});

describe('what a pipeline built', () => {
  it('is a branch', () => {
    expect(parse({})).toMatchObject({ branch: 'main', refKind: 'branch', builtCommit: hashOf(7) });
  });

  it("is a pull request's source branch, merged with the destination", () => {
    expect(parse({ target: createPullRequestTarget('feature', 3, 7) })).toMatchObject({
      branch: 'feature',
      pullRequest: null,
      refKind: 'pull_request',
      commit: hashOf(7),
      builtCommit: null,
      workflow: 'pull-requests:**',
      origin: 'own',
    });
  });

  it('is never a branch if it is a tag with the name of one', () => {
    const target = {
      ...createRefTarget('main', 7),
      ref_type: 'tag',
      selector: { type: 'tags', pattern: '*' },
    };
    expect(parse({ target })).toMatchObject({ branch: 'main', refKind: 'tag', workflow: 'tags:*' });
  });

  it.each(['bookmark', 'named_branch'])('has no branch if it is a %s', (refType) => {
    const target = { ...createRefTarget('main', 7), ref_type: refType };
    expect(parse({ target })).toMatchObject({ branch: null, refKind: 'unknown' });
  });

  it('has no branch if it is a bare commit', () => {
    const { commit } = createRefTarget('', 7);
    const target = { type: 'pipeline_commit_target', commit };
    expect(parse({ target })).toMatchObject({ branch: null, workflow: null });
  });

  it('is two workflows if a push and its pull request built the same commit', () => {
    const [push, pullRequest] = [parse({}), parse({ target: createPullRequestTarget('main', 3, 7) })];
    expect(push.commit).toBe(pullRequest.commit);
    expect([push.workflow, pullRequest.workflow]).toEqual(['branches:**', 'pull-requests:**']);
  });
});

describe('a list of pipelines', () => {
  it('keeps the place and the branch of one whose commit has 12 digits only', () => {
    const short = createPipeline(8, {
      target: { ...createRefTarget('feature', 8), commit: { type: 'commit', hash: '3c80cde6b371' } },
    });
    const { runs, unread } = parsePipelines([createPipeline(9), short], CONTEXT, {
      host: HOST,
      api: 'B',
    });
    expect(runs).toHaveLength(1);
    expect(unread).toMatchObject([
      { branch: 'feature', position: 8, commit: null, problem: 'a field values.target.commit.hash' },
    ]);
  });

  it('accepts odd values of fields that decide nothing', () => {
    const odd = { ...createPipeline(9), run_number: 0, repository: 'acme', links: 7, completed_on: 'soon' };
    const { runs } = parsePipelines([odd], CONTEXT, { host: HOST, api: 'B' });
    expect(runs).toMatchObject([
      {
        attempt: 1,
        url: 'https://bitbucket.org/acme/shop/pipelines/results/9',
        headRepositoryId: 'acme/shop',
      },
    ]);
  });
});

function judge(...pipelines: Pipeline[]) {
  const { runs } = parsePipelines(pipelines, CONTEXT, { host: HOST, api: 'B' });
  const project = createProject({ workflows: [], events: bitbucketProjectKeys.defaultEvents });
  return selectBuilds(runs, createRequest({ project, branch: 'main' }), { kind: 'own' }).builds;
}

describe('a commit', () => {
  const target = createRefTarget('main', 1);
  const byHand = { type: 'pipeline_trigger_manual', name: 'MANUAL' };
  const failed = createPipeline(1, { target, state: STATES.unsuccessful });

  it('is green once its pipeline was run again, which makes a new one', () => {
    expect(judge(createPipeline(2, { target, trigger: byHand }), failed)).toMatchObject([
      { status: 'green', build: { number: '2' } },
    ]);
  });

  it('is not green if only the pipeline of its pull request is', () => {
    const pullRequest = createPipeline(2, { target: createPullRequestTarget('main', 3, 1) });
    expect(judge(pullRequest, failed)).toMatchObject([
      { status: 'unsuccessful', reason: 'branches:** FAILED (push)' },
    ]);
  });

  it('stays green whatever its custom and scheduled pipelines do', () => {
    const custom = { ...target, selector: { type: 'custom', pattern: 'deploy' } };
    const schedule = { type: 'pipeline_trigger_schedule', name: 'SCHEDULE' };
    const builds = judge(
      createPipeline(4, { target, trigger: schedule, state: STATES.unsuccessful }),
      createPipeline(3, { target: custom, trigger: byHand, state: STATES.unsuccessful }),
      createPipeline(2, { target }),
    );
    expect(builds).toMatchObject([{ status: 'green', build: { number: '2' } }]);
  });
});
