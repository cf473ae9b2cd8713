import { describe, expect, it } from 'vitest';
import { FORGEJO, GITEA } from '../../../../src/ci/gitea/dialect.ts';
import { forgejoRunJson, giteaRunJson, type FakeGiteaRun } from '../../../fixtures/gitea/records.ts';

const HOST = 'forge.example.com';
const MINUTE = 60_000;
const NOW = Date.parse('2026-01-02T00:00:00Z');
const BEGUN = NOW - 60 * MINUTE;

const RUN: FakeGiteaRun = {
  id: 5,
  ref: 'refs/heads/main',
  event: 'push',
  commit: 'a'.repeat(40),
  state: 'success',
  created: BEGUN - MINUTE,
  started: BEGUN,
  stopped: BEGUN + MINUTE,
  updated: BEGUN + MINUTE,
  attempt: 1,
  workflow: 'build.yml',
  head: 'own',
};

function parseGitea(run: Partial<FakeGiteaRun>, change: object = {}, asOf = NOW) {
  return GITEA.parseRun({ ...giteaRunJson({ ...RUN, ...run }, '', false), ...change }, HOST, asOf);
}

function parseForgejo(run: Partial<FakeGiteaRun>, change: object = {}) {
  return FORGEJO.parseRun({ ...forgejoRunJson({ ...RUN, ...run }, ''), ...change }, HOST, NOW);
}

/** What a run and its re-run go through. */
const LIFE: Partial<FakeGiteaRun>[] = [
  { state: 'queued', started: 0, stopped: 0, updated: BEGUN - MINUTE },
  { state: 'in_progress', stopped: 0, updated: BEGUN },
  { state: 'failure' },
  { state: 'queued', started: 0, stopped: 0, updated: NOW - 20 * MINUTE },
  { state: 'in_progress', started: NOW - 10 * MINUTE, stopped: 0, updated: NOW - 10 * MINUTE },
  { state: 'success', started: NOW - 10 * MINUTE, stopped: NOW - MINUTE, updated: NOW - MINUTE },
];
/** When each was seen, by the server's clock. */
const SEEN = [BEGUN - MINUTE, BEGUN + MINUTE / 2, BEGUN + MINUTE, NOW - 20 * MINUTE, NOW - MINUTE * 2, NOW];

describe.each(['Gitea before 1.27', 'Forgejo'])('an attempt of %s', (name) => {
  const life = LIFE.map((run, index) =>
    name === 'Forgejo' ? parseForgejo(run) : parseGitea(run, {}, SEEN[index]),
  );

  it('never looks older than the state before it', () => {
    for (const [index, run] of life.entries()) {
      const before = life[index - 1] ?? run;
      const isNewer =
        run.attempt === before.attempt ? run.updatedAt >= before.updatedAt : run.attempt > before.attempt;
      expect([index, isNewer]).toEqual([index, true]);
    }
  });

  it('is another one after a re-run, and may always be a repetition', () => {
    expect(life[5]?.attempt).toBeGreaterThan(life[2]?.attempt ?? Infinity);
    expect(life.every(({ attempt }) => attempt > 1)).toBe(true);
    expect(new Set(life.map(({ position, id }) => `${position} ${id}`)).size).toBe(1);
  });
});

it('a re-run of Gitea that waits is older than its beginning, though a proxy is some minutes ahead', () => {
  const waiting = parseGitea({ state: 'queued', started: 0, stopped: 0 }, {}, NOW + 9 * MINUTE);
  expect(waiting.attempt).toBeLessThan(parseGitea({ started: NOW }).attempt);
});

describe('a run of Gitea', () => {
  it('counts its attempts from 1.27 on', () => {
    expect(parseGitea({}, { run_attempt: 3 }).attempt).toBe(3);
  });

  it('has no time of creation, and the zero time is none', () => {
    const run = parseGitea({ state: 'cancelled', started: 0 });
    expect(run).toMatchObject({ createdAt: null, startedAt: RUN.stopped, updatedAt: RUN.stopped });
  });

  it.each([
    ['', 'running', 'unknown'],
    ['waiting', 'running', 'waiting'],
    ['queued', 'running', 'queued'],
  ])('with status "%s" is %s', (status, state, outcome) => {
    expect(parseGitea({}, { status, conclusion: undefined })).toMatchObject({ state, outcome });
  });

  it.each(['skipped', 'cancelled', 'failure', 'odd', null])(
    'with conclusion %s is not green',
    (conclusion) => {
      expect(parseGitea({}, { conclusion }).state).not.toBe('success');
    },
  );

  it.each([
    ['build.yml@refs/heads/docs/a', { branch: 'docs/a', refKind: 'branch', origin: 'own' }],
    ['build.yml@refs/tags/docs/a', { branch: 'docs/a', refKind: 'tag', origin: 'own' }],
    [
      'build.yml@refs/pull/12/head',
      { branch: null, pullRequest: '12', refKind: 'pull_request', origin: 'unknown' },
    ],
    ['a@b.yml@refs/heads/c@refs/d', { workflow: 'a@b.yml', branch: 'c@refs/d' }],
    ['build.yml', { branch: null, pullRequest: null, refKind: 'unknown', origin: 'unknown' }],
    ['build.yml@refs/notes/x', { branch: null, refKind: 'unknown', origin: 'unknown' }],
  ])('with path %s is of %j', (path, expected) => {
    expect(parseGitea({}, { path })).toMatchObject(expected);
  });

  it('never takes the word of a run for whose pull request it is', () => {
    const own = { head: { repo: { id: 1 } }, base: { repo: { id: 1 } } };
    const run = parseGitea({ ref: 'refs/pull/3/head' }, { pull_requests: [own], head_repository: { id: 1 } });
    expect(run).toMatchObject({ origin: 'unknown', headRepositoryId: null });
  });

  it('for pull_request_target is of the branch that the pull request goes to', () => {
    expect(parseGitea({ event: 'pull_request_target' })).toMatchObject({
      branch: 'main',
      event: 'pull_request_target',
    });
  });
});

describe('a run of Forgejo', () => {
  it.each([
    ['refs/heads/main', { branch: 'main', refKind: 'branch', origin: 'own' }],
    ['refs/tags/main', { branch: 'main', refKind: 'tag' }],
    ['refs/heads/#7', { branch: '#7', pullRequest: null, refKind: 'branch' }],
  ])('of %s is told by its payload', (ref, expected) => {
    expect(parseForgejo({ ref })).toMatchObject(expected);
  });

  it.each(['', 'null', '{', '{"ref":"main"}', undefined])(
    'with the payload %s has no branch, since it may be of a tag',
    (payload) => {
      const run = parseForgejo({}, { event_payload: payload });
      expect(run).toMatchObject({ branch: null, pullRequest: null, refKind: 'unknown', origin: 'unknown' });
    },
  );

  it.each([
    ['branch', 'branch'],
    ['tag', 'tag'],
  ])('that the creation of a %s started is of it', (type, refKind) => {
    const payload = JSON.stringify({ ref: 'main', ref_type: type });
    expect(parseForgejo({ event: 'create' }, { event_payload: payload })).toMatchObject({
      branch: 'main',
      refKind,
    });
  });

  it.each([
    ['own', { origin: 'unknown', mayPush: true, headRepositoryId: '1' }],
    ['fork', { origin: 'foreign', mayPush: false, headRepositoryId: '2' }],
    ['deleted', { origin: 'foreign', mayPush: false, headRepositoryId: null }],
  ] as const)('for a pull request from %s is %j', (head, expected) => {
    const run = parseForgejo({ ref: 'refs/pull/7/head', event: 'pull_request', head });
    expect(run).toMatchObject({ branch: null, pullRequest: '7', ...expected });
  });

  it('says when it was created, whatever was re-run', () => {
    expect(parseForgejo({ started: NOW }).createdAt).toBe(RUN.created);
  });
});

describe('an element that cannot be parsed', () => {
  it.each([
    [GITEA, giteaRunJson(RUN, '', false), { head_sha: 'HEAD' }, 'a field workflow_runs.head_sha'],
    [FORGEJO, forgejoRunJson(RUN, ''), { commit_sha: 'HEAD' }, 'a field workflow_runs.commit_sha'],
  ])('keeps its place: %#', (dialect, json, odd, problem) => {
    const list = { total_count: 2, workflow_runs: [json, { ...json, id: 4, ...odd }] };
    const { runs, unread, length } = dialect.parseRunList(list, HOST, NOW);
    expect([runs.length, length]).toEqual([1, 2]);
    expect(unread).toMatchObject([{ id: '4', position: 4, problem }]);
  });
});
