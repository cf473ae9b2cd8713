/** What the runs of one commit add up to. */
import { describe, expect, it } from 'vitest';
import { evaluateBuild, groupWorkflowIds, selectImagePart } from '../../../src/resolve/evaluate-build.ts';
import type { Project, Run } from '../../../src/resolve/types.ts';
import { createImageRule, createProject, createRequest, createRun, sha } from '../../fixtures/builders.ts';

const COMMIT = sha('a');
const BUILD = '.github/workflows/build.yml';
const DOCS = '.github/workflows/docs.yml';

function run(id: string, given: Partial<Run> = {}): Run {
  return createRun({ id, commit: COMMIT, builtCommit: COMMIT, ...given });
}

function evaluate(runs: readonly Run[], given: Partial<Project> = {}) {
  const request = createRequest({ project: createProject(given) });
  return evaluateBuild(runs, groupWorkflowIds(runs), request);
}

describe('a build of two runs', () => {
  const push = run('10', { startedAt: 2000, updatedAt: 9000 });
  const ofPullRequest = run('11', { event: 'pull_request', startedAt: 1000, updatedAt: 8000 });

  it('began with the earlier one, and ended with the later one', () => {
    for (const runs of [
      [push, ofPullRequest],
      [ofPullRequest, push],
    ]) {
      expect(evaluate(runs)).toMatchObject({ startedAt: 1000, build: { finishedAt: 9000 } });
    }
  });

  it('is one that CI checked out only if both say so', () => {
    expect(evaluate([push, ofPullRequest]).checkedOut).toBe(true);
    for (const builtCommit of [null, sha('b')]) {
      expect(evaluate([push, { ...ofPullRequest, builtCommit }]).checkedOut).toBe(false);
    }
  });

  it('is represented by the event that is trusted most, and placed by its newest run', () => {
    const { build } = evaluate([push, ofPullRequest]);
    expect(build).toMatchObject({ id: '10', event: 'push', position: ofPullRequest.position });
    const reversed = evaluate([push, ofPullRequest], { events: ['pull_request', 'push'] });
    expect(reversed.build).toMatchObject({ id: '11', event: 'pull_request' });
  });
});

describe('a build that was run again', () => {
  const first = run('10', { startedAt: 1000 });

  it('may have an image of its first run', () => {
    expect(evaluate([run('12', { startedAt: 5000 }), first])).toMatchObject({
      repeated: true,
      startedAt: 1000,
      build: { id: '12' },
    });
  });

  it('may have an image of its first attempt, which began when the run was created', () => {
    const again = run('10', { attempt: 2, createdAt: 1000, startedAt: 5000 });
    expect(evaluate([again])).toMatchObject({ repeated: true, startedAt: 1000 });
    expect(evaluate([{ ...again, createdAt: null }])).toMatchObject({ startedAt: 0 });
  });

  it('of another merge of the same head has an image of its own', () => {
    const merges = [
      run('12', { builtCommit: sha('c2'), startedAt: 5000 }),
      run('10', { builtCommit: sha('c1'), startedAt: 1000 }),
    ];
    expect(evaluate(merges)).toMatchObject({ startedAt: 5000, build: { builtCommit: sha('c2') } });
  });
});

describe('the time of the commit', () => {
  it('is the earliest that a run reports, unless it is later than the first run', () => {
    const later = run('11', { committedAt: 500, event: 'pull_request' });
    expect(evaluate([run('10', { committedAt: 900 }), later]).committedAt).toBe(500);
    expect(evaluate([run('10', { committedAt: 99_000 })]).committedAt).toBeNull();
    expect(evaluate([run('10', { committedAt: null })]).committedAt).toBeNull();
  });

  it('may be that of the first run itself', () => {
    expect(evaluate([run('10', { createdAt: 900, committedAt: 900 })]).committedAt).toBe(900);
  });

  it('is unknown if the runs began at an unknown time', () => {
    const again = run('10', { attempt: 2, createdAt: null, startedAt: 9000, committedAt: 900 });
    expect(evaluate([again]).committedAt).toBeNull();
  });
});

describe('two runs of one workflow, of which CI does not say which is newer', () => {
  it('count as the worse one', () => {
    const same = { position: 1000, tie: '' };
    const all = (['success', 'running', 'blocked', 'unsuccessful'] as const).map((state, i) =>
      run(String(10 + i), { ...same, state }),
    );
    for (const [i, worse] of all.entries()) {
      for (const better of all.slice(0, i)) {
        const states = [evaluate([worse, better]).runs, evaluate([better, worse]).runs];
        expect(states).toMatchObject([[{ state: worse.state }], [{ state: worse.state }]]);
      }
    }
  });
});

describe('the run that represents a build', () => {
  it('is none that was skipped, although its workflow is the first', () => {
    const skipped = run('11', { state: 'skipped' });
    const built = run('10', { workflow: DOCS });
    const images = [createImageRule('front', { workflow: BUILD, onMissing: 'previous' })];
    expect(evaluate([skipped, built], { workflows: [], images })).toMatchObject({
      status: 'green',
      build: { id: '10', url: 'https://ci.test/runs/10' },
    });
  });

  it('is the newest of those that count the same', () => {
    const other = run('11', { workflow: DOCS });
    expect(evaluate([run('10'), other], { workflows: [] }).build.id).toBe('11');
  });

  it("names its own branch, the request's if it names none, and the one that it is queued for", () => {
    const branchOf = (given: Partial<Run>) => {
      const { branch, queueBranch } = evaluate([run('10', given)]).build;
      return [branch, queueBranch];
    };
    expect(branchOf({ branch: 'fork-branch' })).toEqual(['fork-branch', undefined]);
    expect(branchOf({ branch: null })).toEqual(['feature', undefined]);
    expect(branchOf({ branch: 'queue/1', queuedFor: 'main' })).toEqual(['main', 'queue/1']);
    expect(branchOf({ branch: null, queuedFor: 'main' })).toEqual(['feature', undefined]);
    expect(branchOf({ queuedFor: 'main' })).toEqual(['feature', undefined]);
  });
});

describe('two workflows of one name', () => {
  it('are both required on each event on which both have run', () => {
    const ofPush = [run('10', { workflowId: '1' }), run('11', { workflowId: '2' })];
    const ofPullRequest = run('12', { workflowId: '1', event: 'pull_request' });
    const otherCommit = createRun({ id: '9', workflow: BUILD, workflowId: '2', event: 'pull_request' });
    const request = createRequest();
    const all = [...ofPush, ofPullRequest, otherCommit];
    const evaluated = evaluateBuild([...ofPush, ofPullRequest], groupWorkflowIds(all), request);
    expect(evaluated.status).toBe('incomplete');
    expect(evaluateBuild(ofPush, groupWorkflowIds(all), request).status).toBe('green');
  });
});

describe("an image's own workflow", () => {
  const images = [
    createImageRule('front', { workflow: BUILD }),
    createImageRule('docs', { workflow: DOCS, onMissing: 'previous' }),
  ];
  const [, docs = createImageRule('docs')] = images;
  const project = { workflows: [], images };
  const built = run('10');
  const documented = run('11', { workflow: DOCS, startedAt: 3000 });

  it('makes up a part of the build, in the place of the whole', () => {
    const part = selectImagePart(docs, evaluate([built, documented], project));
    expect(part).toMatchObject({
      runs: [{ id: '11' }],
      startedAt: 3000,
      build: { id: '11', position: documented.position, tie: documented.tie },
    });
    const swapped = evaluate([run('12'), documented], project);
    expect(selectImagePart(docs, swapped)?.build).toMatchObject({ id: '11', position: 12_000 });
  });

  it('that did not run, or was skipped, leaves the build green without the part', () => {
    const skipped = run('11', { workflow: DOCS, state: 'skipped' });
    for (const runs of [[built], [built, skipped]]) {
      const evaluated = evaluate(runs, project);
      expect([evaluated.status, selectImagePart(docs, evaluated)]).toEqual(['green', undefined]);
      expect(evaluated.build.id).toBe('10');
    }
  });

  it.each([
    ['unsuccessful', 'unsuccessful'],
    ['running', 'running'],
    ['blocked', 'blocked'],
  ] as const)('that is %s makes the build %s', (state, status) => {
    expect(evaluate([built, run('11', { workflow: DOCS, state })], project).status).toBe(status);
  });

  it('that the image cannot do without makes the build incomplete', () => {
    const evaluated = evaluate([documented], project);
    expect([evaluated.status, evaluated.reason]).toEqual(['incomplete', 'no run of build.yml (image front)']);
  });

  it('is not needed a second time where the project names it, too', () => {
    const both = { images, workflows: [DOCS, BUILD] };
    expect(evaluate([built], both).status).toBe('green');
  });

  it('alone skipped builds nothing', () => {
    const all = [run('10', { state: 'skipped' }), run('11', { workflow: DOCS, state: 'skipped' })];
    const previous = images.map((image) => ({ ...image, onMissing: 'previous' as const }));
    expect(evaluate(all, { workflows: [], images: previous }).status).toBe('incomplete');
  });
});

describe('a run that waits for a person', () => {
  const blocked = run('10', { state: 'blocked' });

  it('blocks the build, unless the project says that it is a success', () => {
    expect(evaluate([blocked]).status).toBe('blocked');
    expect(evaluate([blocked], { blocked: 'success' }).status).toBe('green');
  });

  it('counts less than one that runs or failed', () => {
    for (const state of ['running', 'unsuccessful'] as const) {
      const other = run('11', { event: 'pull_request', state });
      expect(evaluate([blocked, other]).status).toBe(state);
      expect(evaluate([blocked, other], { blocked: 'success' }).status).toBe(state);
    }
  });
});
