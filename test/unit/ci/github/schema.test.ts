import { describe, expect, it } from 'vitest';
import { UpstreamError } from '../../../../src/errors.ts';
import { parsePullRequest } from '../../../../src/ci/github/pull-request.ts';
import { parseRun, parseRunPage } from '../../../../src/ci/github/schema.ts';

const HOST = 'api.github.com';
const COMMIT = '009b8a3a9ccbb128af87f9b1c0f4c62e8a304f6d';

function rawRun(change: object = {}) {
  return {
    id: 30433642,
    run_number: 562,
    run_attempt: 2,
    path: '.github/workflows/build.yml',
    workflow_id: 159038,
    head_branch: 'feature',
    head_sha: COMMIT,
    event: 'push',
    status: 'completed',
    conclusion: 'success',
    html_url: 'https://github.com/acme/shop/actions/runs/30433642',
    created_at: '2026-01-22T19:33:08Z',
    updated_at: '2026-01-22T19:43:08Z',
    run_started_at: '2026-01-22T19:40:00Z',
    head_commit: { timestamp: '2026-01-22T20:33:05+01:00' },
    repository: { id: 1 },
    head_repository: { id: 1 },
    ...change,
  };
}

function parsed(change: object) {
  return parseRun(rawRun(change), HOST);
}

function parsePage(workflow_runs: unknown[], total_count = 2) {
  return parseRunPage({ total_count, workflow_runs }, HOST);
}

function without(field: string) {
  return Object.fromEntries(Object.entries(rawRun()).filter(([name]) => name !== field));
}

describe('parseRun', () => {
  it('translates a run', () => {
    expect(parsed({})).toEqual({
      id: '30433642',
      number: '562',
      attempt: 2,
      workflow: '.github/workflows/build.yml',
      workflowId: '159038',
      branch: 'feature',
      pullRequest: null,
      refKind: 'unknown',
      commit: COMMIT,
      builtCommit: COMMIT,
      event: 'push',
      state: 'success',
      outcome: 'success',
      headRepositoryId: '1',
      origin: 'own',
      mayPush: true,
      url: 'https://github.com/acme/shop/actions/runs/30433642',
      position: Date.UTC(2026, 0, 22, 19, 33, 8),
      tie: '00000000000030433642',
      createdAt: Date.UTC(2026, 0, 22, 19, 33, 8),
      startedAt: Date.UTC(2026, 0, 22, 19, 40, 0),
      updatedAt: Date.UTC(2026, 0, 22, 19, 43, 8),
      committedAt: Date.UTC(2026, 0, 22, 19, 33, 5),
    });
  });

  it.each([
    ['completed', 'success', 'success', 'success'],
    ['completed', 'failure', 'unsuccessful', 'failure'],
    ['completed', 'neutral', 'unsuccessful', 'neutral'],
    ['completed', 'skipped', 'skipped', 'skipped'],
    ['completed', 'stale', 'unsuccessful', 'stale'],
    ['completed', null, 'unsuccessful', 'unknown'],
    ['completed', 'SUCCESS', 'unsuccessful', 'SUCCESS'],
    ['in_progress', null, 'running', 'in_progress'],
    ['in_progress', 'success', 'running', 'in_progress'],
    ['queued', null, 'running', 'queued'],
    ['waiting', null, 'running', 'waiting'],
    ['requested', null, 'running', 'requested'],
    ['pending', null, 'running', 'pending'],
    [null, null, 'running', 'unknown'],
    [null, 'success', 'running', 'unknown'],
  ])('takes status %s with conclusion %s as %s', (status, conclusion, state, outcome) => {
    expect(parsed({ status, conclusion })).toMatchObject({ state, outcome });
  });

  it.each([
    ['.github/workflows/build.yml@main', '.github/workflows/build.yml'],
    ['.github/workflows/build.yaml@refs/heads/a@b.yml', '.github/workflows/build.yaml'],
    ['.github/workflows/a@b.yml', '.github/workflows/a@b.yml'],
    ['.github/workflows/a@b.yml@main', '.github/workflows/a@b.yml'],
    ['dynamic/github-code-scanning/codeql', 'dynamic/github-code-scanning/codeql'],
  ])('takes the path %s as workflow %s', (path, workflow) => {
    expect(parsed({ path }).workflow).toBe(workflow);
  });

  it.each([
    ['another repository', { head_repository: { id: 2 } }, '2'],
    ['a deleted repository', { head_repository: null }, null],
  ])('takes a commit of %s as foreign', (_name, change, headRepositoryId) => {
    expect(parsed(change)).toMatchObject({ origin: 'foreign', headRepositoryId });
  });

  it('takes a run without head_repository as foreign', () => {
    expect(parseRun(without('head_repository'), HOST)).toMatchObject({
      origin: 'foreign',
      headRepositoryId: null,
    });
  });

  it('keeps ids beyond 32 and 53 bits exactly', () => {
    expect(parsed({ id: 17_592_186_044_416 }).id).toBe('17592186044416');
    expect(parsed({ id: 9_007_199_254_740_993n }).id).toBe('9007199254740993');
  });

  it('does not mix up head repositories whose ids only differ beyond 53 bits', () => {
    const change = {
      repository: { id: 9_007_199_254_740_992n },
      head_repository: { id: 9_007_199_254_740_993n },
    };
    expect(parsed(change).origin).toBe('foreign');
  });

  it.each([
    ['id', 9_007_199_254_740_992],
    ['id', 1.5],
    ['id', -1],
    ['id', '30433642'],
    ['id', null],
    ['run_number', null],
    ['run_attempt', 0],
    ['path', null],
    ['path', 'x'.repeat(1025)],
    ['head_branch', 7],
    ['head_branch', 'x'.repeat(1025)],
    ['head_sha', '009b8a3'],
    ['head_sha', `${COMMIT}0`],
    ['head_sha', null],
    ['event', null],
    ['status', {}],
    ['conclusion', false],
    ['created_at', 'yesterday'],
    ['created_at', null],
    ['updated_at', 1_769_110_388],
    ['repository', null],
    ['repository', {}],
    ['head_repository', {}],
    ['head_commit', 'x'],
  ])('refuses %s: %j as malformed, and names the field', (field, value) => {
    const parse = () => parsed({ [field]: value });
    expect(parse).toThrow(UpstreamError);
    expect(parse).toThrow(
      new RegExp(
        `^api\\.github\\.com answered with a field ${field}(\\.id)? that is not as GitHub's API describes it`,
      ),
    );
  });

  it.each(['id', 'path', 'head_sha', 'status', 'conclusion', 'head_branch', 'repository', 'created_at'])(
    'refuses a run without %s',
    (field) => {
      expect(() => parseRun(without(field), HOST)).toThrow(UpstreamError);
    },
  );

  it('takes a missing run_attempt as the first', () => {
    expect(parseRun(without('run_attempt'), HOST).attempt).toBe(1);
  });

  it('takes a missing address as none', () => {
    expect(parseRun(without('html_url'), HOST).url).toBe('');
  });

  it.each([
    ['.github/workflows/build.yml@refs/tags/v1', 'push', 'tag'],
    ['.github/workflows/build.yml@tags/v1', 'push', 'tag'],
    ['.github/workflows/build.yml', 'release', 'tag'],
    ['.github/workflows/build.yml@refs/heads/v1', 'push', 'branch'],
    ['.github/workflows/build.yml@heads/tags/v1', 'push', 'branch'],
    ['.github/workflows/build@refs/tags/x.yml@refs/heads/v1', 'push', 'branch'],
    ['.github/workflows/build.yml@refs/pull/7/merge', 'pull_request', 'pull_request'],
    ['.github/workflows/build.yml@v1', 'push', 'unknown'],
    ['.github/workflows/build.yml', 'push', 'unknown'],
    ['.github/workflows/build.yml', 'create', 'unknown'],
  ])('tells of %s on %s that its ref is: %s', (path, event, refKind) => {
    expect(parsed({ path, event })).toMatchObject({ refKind });
  });

  it.each([
    ['merge_group', 'gh-readonly-queue/main/pr-12-1a2b3c4d', 'main'],
    ['merge_group', 'gh-readonly-queue/release/1.0/pr-12-1a2b3c4d', 'release/1.0'],
    ['merge_group', 'main', undefined],
    ['push', 'gh-readonly-queue/main/pr-12-1a2b3c4d', undefined],
  ])('a run on %s of %s is queued for %s', (event, head_branch, expected) => {
    expect(parsed({ event, head_branch })).toMatchObject({ branch: head_branch });
    expect(parsed({ event, head_branch }).queuedFor).toBe(expected);
  });

  it('takes a null head_branch as no branch', () => {
    expect(parsed({ head_branch: null }).branch).toBeNull();
  });

  it('writes the commit in lower case, SHA-256 included', () => {
    expect(parsed({ head_sha: COMMIT.toUpperCase() }).commit).toBe(COMMIT);
    expect(parsed({ head_sha: 'AB'.repeat(32) }).commit).toBe('ab'.repeat(32));
  });

  it.each([
    'javascript:alert(1)',
    'not a url',
    'https://user:secret@github.com/',
    `https://x/${'y'.repeat(2048)}`,
    7,
    null,
  ])('takes the address %j as none', (html_url) => {
    expect(parsed({ html_url }).url).toBe('');
  });

  it.each([[null], [{ timestamp: 'not a date' }], [{ timestamp: null }], [{}]])(
    'takes head_commit %j as a commit of unknown time, since authors write that date',
    (head_commit) => {
      expect(parsed({ head_commit }).committedAt).toBeNull();
    },
  );
});

describe('parseRunPage', () => {
  it('translates each run and the total', () => {
    const page = parsePage([rawRun(), rawRun({ id: 2 })], 9);
    expect(page.total).toBe(9);
    expect(page.runs.map((run) => run.id)).toEqual(['30433642', '2']);
  });

  it.each([
    [''],
    ['<html></html>'],
    [null],
    [{}],
    [[]],
    [{ total_count: 0 }],
    [{ total_count: -1, workflow_runs: [] }],
  ])('refuses %j as malformed', (value) => {
    expect(() => parseRunPage(value, HOST)).toThrow(UpstreamError);
  });

  it('refuses a list that is many times as long as a page, before it looks at each element', () => {
    const workflow_runs = Array.from({ length: 1000 }, (_, i) => rawRun({ id: i + 1 }));
    expect(parseRunPage({ total_count: 1000, workflow_runs }, HOST).runs).toHaveLength(1000);
    workflow_runs.push(rawRun());
    expect(() => parseRunPage({ total_count: 1001, workflow_runs }, HOST)).toThrow(
      'a field workflow_runs that is not',
    );
  });

  it.each([
    ['path', null],
    ['run_attempt', null],
    ['updated_at', null],
    ['event', 7],
    ['repository', null],
    ['conclusion', { a: 1 }],
  ])('skips a run whose %s is %j, and tells what can be relied on', (field, value) => {
    const { runs, unread } = parsePage([rawRun({ id: 3 }), rawRun({ id: 2, [field]: value }), rawRun()]);
    expect(runs.map((run) => run.id)).toEqual(['3', '30433642']);
    const { id: _, ...raw } = parseRun(rawRun({ id: 2 }), HOST);
    expect(unread).toEqual([
      {
        id: '2',
        branch: raw.branch,
        commit: raw.commit,
        position: raw.position,
        tie: raw.tie,
        createdAt: raw.createdAt,
        problem: `a field workflow_runs.${field}`,
      },
    ]);
  });

  it.each([
    ['id', 'x', { id: null }],
    ['head_branch', 5, { branch: null }],
    ['head_sha', 'main', { commit: null }],
  ])('does not rely on %s when it is %j', (field, value, expected) => {
    expect(parsePage([rawRun({ [field]: value })]).unread).toMatchObject([expected]);
  });

  it('knows of one whose time cannot be read that it is no newer than the one before it', () => {
    const odd = rawRun({ id: 2, created_at: 'yesterday' });
    const { createdAt } = parseRun(rawRun(), HOST);
    expect(parsePage([odd, rawRun()]).unread).toMatchObject([{ createdAt: null }]);
    expect(parsePage([rawRun(), odd]).unread).toMatchObject([{ createdAt }]);
    expect(parsePage([rawRun(), 'what?', odd]).unread).toMatchObject([{ createdAt }, { createdAt }]);
  });

  it('skips what is no run at all', () => {
    expect(parsePage([null, rawRun(), []]).runs).toHaveLength(1);
  });

  it('fails where hardly an element is a run: that is no list of them', () => {
    const odd = Array.from({ length: 9 }, (_, id) => rawRun({ id: id + 1, path: null }));
    const message =
      "api.github.com answered with a field workflow_runs.path that is not as GitHub's API describes it; check the connection's url";
    expect(() => parsePage([...odd, rawRun()])).toThrow(message);
    expect(parsePage(odd).unread).toHaveLength(9);
  });
});

describe('parsePullRequest', () => {
  it.each([
    ['its own repository', { id: 1 }, { headRepositoryId: '1', origin: 'own' }],
    ['a fork', { id: 2 }, { headRepositoryId: '2', origin: 'foreign' }],
    ['a deleted fork', null, { headRepositoryId: null, origin: 'foreign' }],
  ])('tells a head in %s', (_name, repo, expected) => {
    const head = parsePullRequest({ head: { repo }, base: { repo: { id: 1 } } }, HOST, (time) => time);
    expect(head).toEqual({
      kind: 'known',
      openedAfter: null,
      headBranch: null,
      headCommit: null,
      ...expected,
    });
  });

  it.each([[{}], [{ head: { repo: null }, base: { repo: null } }], ['']])(
    'refuses %j as malformed',
    (value) => {
      expect(() => parsePullRequest(value, HOST, (time) => time)).toThrow(UpstreamError);
    },
  );
});
