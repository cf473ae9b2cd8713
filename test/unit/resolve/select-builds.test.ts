import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBuilds, selectBuilds } from '../../../src/resolve/select-builds.ts';
import type { Origin } from '../../../src/resolve/select-origin.ts';
import type { Project, Run } from '../../../src/resolve/types.ts';
import { createProject, createRequest, createRun, sha } from '../../fixtures/builders.ts';

function select(runs: readonly Run[], project: Project, origin: Origin) {
  return selectBuilds(runs, createRequest({ project }), origin).builds;
}

const BUILD = '.github/workflows/build.yml';
const TEST = '.github/workflows/test.yml';
const OWN: Origin = { kind: 'own' };

describe('a commit with several builds', () => {
  test('counts by the newest run of each workflow and event', () => {
    const runs = [
      createRun({ id: '7', commit: sha('a'), state: 'unsuccessful' }),
      createRun({ id: '8', commit: sha('a') }),
    ];
    expect(select(runs, createProject(), OWN)).toMatchObject([{ status: 'green', build: { id: '8' } }]);
  });

  test('must be green on both push and pull_request if it ran on both', () => {
    const runs = [
      createRun({ id: '7', commit: sha('a'), state: 'unsuccessful' }),
      createRun({ id: '8', commit: sha('a'), event: 'pull_request' }),
    ];
    expect(select(runs, createProject(), OWN)).toMatchObject([
      { status: 'unsuccessful', reason: 'build.yml failure (push)' },
    ]);
  });

  test('is represented by its run on the first configured event', () => {
    const runs = [
      createRun({ id: '7', commit: sha('a') }),
      createRun({ id: '8', commit: sha('a'), event: 'pull_request' }),
    ];
    expect(select(runs, createProject(), OWN)[0]?.build).toMatchObject({ id: '7', event: 'push' });
  });

  test('has the position of its newest run and the finish time of its last one', () => {
    const runs = [
      createRun({ id: '9', commit: sha('b') }),
      createRun({ id: '7', commit: sha('a'), updatedAt: 99_000 }),
      createRun({ id: '10', commit: sha('a'), event: 'pull_request' }),
    ];
    const [first] = select(runs, createProject(), OWN);
    expect(first?.build).toMatchObject({ commit: sha('a'), position: 10_000, finishedAt: 99_000 });
  });
});

test('the run that is not green counts if CI does not define the order of two runs', () => {
  const at = { commit: sha('a'), position: 7, tie: '' };
  for (const state of ['unsuccessful', 'running'] as const) {
    const runs = [createRun({ id: 'x', ...at }), createRun({ id: 'y', ...at, state })];
    for (const listed of [runs, runs.toReversed()]) {
      expect(select(listed, createProject(), OWN)).toMatchObject([{ status: state, runs: [{ id: 'y' }] }]);
    }
  }
  const green = [createRun({ id: 'x', ...at }), createRun({ id: 'y', ...at })];
  const [one, other] = [green, green.toReversed()].map((listed) => select(listed, createProject(), OWN)[0]);
  expect(one?.build).toEqual(other?.build);
});

test('run ids are compared as numbers of any length when two builds were created in the same second', () => {
  const at = { createdAt: 1000 };
  const runs = [
    createRun({ id: '99999999999', ...at, commit: sha('a') }),
    createRun({ id: '100000000000', ...at, commit: sha('b') }),
  ];
  expect(select(runs, createProject(), OWN).map(({ build }) => build.id)).toEqual([
    '100000000000',
    '99999999999',
  ]);
});

describe('reasons', () => {
  test('name missing workflows', () => {
    const project = createProject({ workflows: [BUILD, TEST] });
    expect(select([createRun({ id: '7' })], project, OWN)).toMatchObject([
      { status: 'incomplete', reason: 'no run of test.yml' },
    ]);
  });

  test('name running workflows', () => {
    expect(select([createRun({ id: '7', state: 'running' })], createProject(), OWN)).toMatchObject([
      { status: 'running', reason: 'build.yml in_progress (push)' },
    ]);
  });
});

/** Random histories: few commits, workflows, events and repositories, so that they meet often. */
const anyRun = fc
  .record({
    id: fc.integer({ min: 1, max: 40 }).map(String),
    commit: fc.constantFrom('a', 'b', 'c').map(sha),
    workflow: fc.constantFrom(BUILD, TEST),
    event: fc.constantFrom('push', 'pull_request', 'workflow_dispatch'),
    state: fc.constantFrom(
      'success' as const,
      'success' as const,
      'unsuccessful' as const,
      'running' as const,
    ),
    attempt: fc.integer({ min: 1, max: 3 }),
    origin: fc.constantFrom('own' as const, 'foreign' as const),
    createdAt: fc.integer({ min: 0, max: 20 }).map((second) => second * 1000),
  })
  .map((given) => createRun(given));
const anyHistory = fc.uniqueArray(anyRun, { selector: (run) => run.id, maxLength: 25 });
const anyProject = fc
  .record({
    workflows: fc.constantFrom([], [BUILD], [TEST, BUILD]),
    events: fc.constantFrom(['push'], ['push', 'pull_request'], ['pull_request', 'push']),
  })
  .map(createProject);
const anyOrigin = fc.constantFrom<Origin>(OWN, { kind: 'fork', headRepositoryId: '666' });

/** The rule itself, said in the simplest way: is this commit green? */
function isGreen(commit: string, runs: readonly Run[], project: Project, origin: Origin): boolean {
  const counting = runs.filter(
    (run) =>
      run.commit === commit &&
      project.events.includes(run.event) &&
      (run.origin === 'foreign') === (origin.kind === 'fork'),
  );
  const required =
    project.workflows.length > 0 ? project.workflows : [...new Set(counting.map((run) => run.workflow))];
  return (
    required.length > 0 &&
    required.every((workflow) => {
      const byEvent = project.events.map((event) =>
        counting.filter((run) => run.workflow === workflow && run.event === event).toSorted(oldestFirst),
      );
      const ran = byEvent.filter((list) => list.length > 0);
      return ran.length > 0 && ran.every((list) => list.at(-1)?.state === 'success');
    })
  );
}
function oldestFirst(a: Run, b: Run): number {
  return a.position - b.position || Number(a.id) - Number(b.id);
}

describe('against a brute-force oracle, over random histories of runs, forks, re-runs and workflows', () => {
  test('exactly the green commits are green', () => {
    fc.assert(
      fc.property(anyHistory, anyProject, anyOrigin, (runs, project, origin) => {
        const green = select(runs, project, origin).filter(({ status }) => status === 'green');
        const expected = ['a', 'b', 'c'].map(sha).filter((commit) => isGreen(commit, runs, project, origin));
        expect(green.map(({ build }) => build.commit).toSorted()).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('the newest comes first, and every build is one commit', () => {
    fc.assert(
      fc.property(anyHistory, anyProject, anyOrigin, (runs, project, origin) => {
        const builds = select(runs, project, origin).map(({ build }) => build);
        expect(new Set(builds.map(({ commit }) => commit)).size).toBe(builds.length);
        for (const [index, build] of builds.entries()) {
          for (const older of builds.slice(index + 1)) expect(compareBuilds(older, build)).toBeLessThan(0);
        }
      }),
    );
  });

  test('the order of runs in the input does not matter', () => {
    fc.assert(
      fc.property(anyHistory, anyProject, fc.nat(), (runs, project, turn) => {
        const turned = [...runs.slice(turn % (runs.length + 1)), ...runs.slice(0, turn % (runs.length + 1))];
        expect(select(turned, project, OWN)).toEqual(select(runs, project, OWN));
      }),
    );
  });
});

describe('a skipped run (a missing label)', () => {
  const skipped = { state: 'skipped', commit: sha('a') } as const;

  test.each<[string, Partial<Run>, string]>([
    ['after a green run of the same workflow does not undo it', {}, 'green'],
    ['on another event does not either', { event: 'pull_request' }, 'green'],
    ['before it neither', { createdAt: 1 }, 'green'],
    ['of another workflow counts as not run', { workflow: TEST }, 'unsuccessful'],
  ])('%s', (_name, given, status) => {
    const runs = [createRun({ id: '7', commit: sha('a') }), createRun({ id: '8', ...skipped, ...given })];
    const project = createProject({ workflows: [] });
    expect(select(runs, project, OWN)[0]?.status).toBe(status);
  });

  test('leaves a commit red after a red run, and is no build alone', () => {
    const red = createRun({ id: '7', commit: sha('a'), state: 'unsuccessful' });
    const runs = [red, createRun({ id: '8', ...skipped })];
    expect(select(runs, createProject(), OWN)[0]?.reason).toBe('build.yml failure (push)');
    expect(select(runs.slice(1), createProject(), OWN)[0]?.status).toBe('unsuccessful');
  });
});

describe('a workflow with the same path and another id (an organization ruleset)', () => {
  const theirs = { workflowId: 'of the organization', event: 'pull_request' } as const;
  const ours = { event: 'pull_request' } as const;

  test('does not make a red build green', () => {
    const runs = [
      createRun({ id: '7', commit: sha('a'), state: 'unsuccessful', ...ours }),
      createRun({ id: '8', commit: sha('a'), ...theirs }),
    ];
    expect(select(runs, createProject(), OWN)[0]?.status).toBe('unsuccessful');
  });

  test('does not replace our own, which ran for the branch before', () => {
    const runs = [
      createRun({ id: '7', commit: sha('a'), ...ours }),
      createRun({ id: '8', commit: sha('a'), ...theirs }),
      createRun({ id: '9', commit: sha('b'), ...theirs }),
    ];
    expect(select(runs, createProject(), OWN).map(({ status }) => status)).toEqual(['incomplete', 'green']);
  });

  test('is not required on an event that it does not run on', () => {
    const runs = [
      createRun({ id: '8', commit: sha('a'), ...theirs }),
      createRun({ id: '7', commit: sha('a'), ...ours }),
      createRun({ id: '9', commit: sha('b') }),
    ];
    expect(select(runs, createProject(), OWN)[0]?.status).toBe('green');
  });
});

test("a tag's run is not the branch's, though it bears the same name", () => {
  const runs = [
    createRun({ id: '8', branch: 'v1', refKind: 'tag', commit: sha('b') }),
    createRun({ id: '7', branch: 'v1', commit: sha('a') }),
  ];
  expect(select(runs, createProject(), OWN).map(({ build }) => build.commit)).toEqual([sha('a')]);
  expect(selectBuilds(runs, createRequest(), OWN).ignored).toEqual(new Map([["a tag's", 1]]));
});
