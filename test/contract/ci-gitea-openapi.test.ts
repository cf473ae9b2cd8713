/**
 * Checks the schemas for Gitea and Forgejo against their OpenAPI descriptions, and against recorded answers of a
 * Gitea 1.26.0.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FORGEJO, GITEA } from '../../src/ci/gitea/dialect.ts';
import { EVENTS, foldEvent } from '../../src/ci/gitea/events.ts';
import { forgejoRunSchema } from '../../src/ci/gitea/forgejo-run.ts';
import { giteaRunSchema } from '../../src/ci/gitea/gitea-run.ts';
import { giteaWorkflowSchema } from '../../src/ci/gitea/inspector.ts';
import { giteaPullRequestSchema, parsePullRequest } from '../../src/ci/gitea/pull-request.ts';
import { branchSchema } from '../../src/ci/gitea/push-log.ts';
import { giteaStatusSchema } from '../../src/ci/gitea/statuses.ts';
import type { Run } from '../../src/resolve/types.ts';

interface Description {
  readonly definitions: Readonly<Record<string, Readonly<Record<string, { readonly type: string }>>>>;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
}

interface Answers {
  readonly runs: Readonly<Record<string, unknown>>;
  readonly pulls: Readonly<Record<string, unknown>>;
}

const gitea = load('openapi.json') as Description;
const forgejo = load('forgejo-openapi.json') as Description & { readonly statuses: readonly string[] };
const answers = load('answers.json') as Answers;
const HOST = 'gitea.example.com';
const AS_OF = Date.parse('2026-11-27T12:00:00Z');
const SOURCE = { host: HOST, api: 'Gitea' };

function load(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/gitea/${file}`, import.meta.url), 'utf8'));
}

function firstRun(name: string): Run {
  const { runs, unread } = GITEA.parseRunList(answers.runs[name], HOST, AS_OF);
  const [run] = runs;
  if (run === undefined || unread.length > 0) throw new Error(`${name} cannot be parsed`);
  return run;
}

describe('the descriptions', () => {
  it.each([
    ['ActionWorkflowRun', giteaRunSchema, gitea],
    ['CommitStatus', giteaStatusSchema, gitea],
    ['ActionWorkflow', giteaWorkflowSchema, gitea],
    ['PullRequest', giteaPullRequestSchema, gitea],
    ['PRBranchInfo', giteaPullRequestSchema.shape.head, gitea],
    ['Branch', branchSchema, gitea],
    ['ActionRun', forgejoRunSchema, forgejo],
  ] as const)('have every field that is read of %s', (name, schema, { definitions }) => {
    const fields = Object.keys(schema.shape);
    expect(Object.keys(definitions[name] ?? {})).toEqual(expect.arrayContaining(fields));
  });

  it.each([
    [GITEA, gitea],
    [FORGEJO, forgejo],
  ])('have the parameters of lists of runs: %#', (dialect, { parameters }) => {
    const known = parameters['/repos/{owner}/{repo}/actions/runs'];
    const used = { ...dialect.branchQuery('main'), ...dialect.pullRequestQuery('1'), page: 1, limit: 50 };
    expect(known).toEqual(expect.arrayContaining(Object.keys(used)));
  });
});

describe('a recorded run', () => {
  it.each([
    ['one-queued', { branch: 'main', state: 'running', outcome: 'queued' }],
    [
      'one-success',
      { branch: 'main', state: 'success', outcome: 'success', number: '1', workflow: 'build.yml' },
    ],
    ['running', { branch: 'feature/x', state: 'running', outcome: 'in_progress' }],
    ['failure', { branch: 'feature/x', state: 'unsuccessful', outcome: 'failure' }],
    ['tag', { branch: 'feature-x', refKind: 'tag', origin: 'own', state: 'success' }],
    ['pr-sync', { branch: null, pullRequest: '1', event: 'pull_request', origin: 'unknown' }],
    ['fork-pr-blocked', { pullRequest: '2', origin: 'unknown', state: 'running', outcome: 'waiting' }],
    ['agit-second-green', { pullRequest: '3', origin: 'unknown', state: 'success' }],
    ['one-job-failed-other-runs', { state: 'running', outcome: 'in_progress' }],
    ['one-job-cancelled-other-runs', { state: 'unsuccessful', outcome: 'cancelled' }],
    ['odd-branch', { branch: 'a@b.yml@refs/x', workflow: 'build.yml', refKind: 'branch' }],
    ['odd-file', { branch: 'main', workflow: 'we@ird.yml', refKind: 'branch' }],
  ])('%s is %j', (name, expected) => {
    expect(firstRun(name)).toMatchObject(expected);
  });

  it('keeps its position, and has a later attempt and change in each state of a re-run', () => {
    const states = ['failure', 'rerun-queued', 'rerun-success'].map(firstRun);
    expect(new Set(states.map(({ position }) => position)).size).toBe(1);
    const [before, queued] = states;
    expect(queued?.attempt).toBeGreaterThan(before?.attempt ?? Infinity);
    expect(queued?.updatedAt).toBeGreaterThan(before?.updatedAt ?? Infinity);
    expect(states[2]?.attempt).toBeGreaterThan(before?.attempt ?? Infinity);
  });
});

describe('a recorded pull request', () => {
  it.each([
    ['own', { origin: 'own', headBranch: 'feature/x', headRepositoryId: '1' }],
    ['fork', { origin: 'foreign', headBranch: 'main', headRepositoryId: '2' }],
    ['fork-deleted', { origin: 'foreign', headBranch: null, headRepositoryId: null }],
    ['agit', { origin: 'foreign', headBranch: null, headRepositoryId: '1' }],
    ['own-branch-deleted', { origin: 'foreign', headBranch: null }],
  ])('%s is %j', (name, expected) => {
    expect(parsePullRequest(answers.pulls[name], SOURCE, (time) => time)).toMatchObject(expected);
  });
});

describe('the events', () => {
  it('fold the activities of a pull request, and nothing else', () => {
    const activities = ['sync', 'label', 'assign', 'milestone', 'review_request'];
    expect(new Set(activities.map((activity) => foldEvent(`pull_request_${activity}`)))).toEqual(
      new Set(['pull_request']),
    );
    expect(EVENTS.map(foldEvent)).toEqual([...EVENTS]);
    expect(foldEvent('pull_request_review_approved')).not.toBe('pull_request');
  });
});

describe("Forgejo's statuses", () => {
  it('are all understood, and only success is green', () => {
    const states = forgejo.statuses.map((status) => {
      const times = { created: AT, updated: AT, started: AT, stopped: AT };
      const run = FORGEJO.parseRun({ ...FORGEJO_RUN, ...times, status }, HOST, AS_OF);
      return [status, run.state];
    });
    expect(Object.fromEntries(states)).toEqual({
      unknown: 'running',
      waiting: 'running',
      running: 'running',
      blocked: 'running',
      success: 'success',
      skipped: 'skipped',
      failure: 'unsuccessful',
      cancelled: 'unsuccessful',
    });
  });
});

const AT = '2026-01-01T00:00:00Z';
const FORGEJO_RUN = {
  id: 1,
  index_in_repo: 1,
  workflow_id: 'build.yml',
  prettyref: 'main',
  commit_sha: 'a'.repeat(40),
  is_fork_pull_request: false,
  trigger_event: 'push',
  event_payload: '{"ref":"refs/heads/main"}',
  repository: { id: 1 },
};
