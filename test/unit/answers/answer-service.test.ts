import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AnswerService } from '../../../src/answers/answer-service.ts';
import type { Decision } from '../../../src/resolve/decision.ts';
import type { BranchRequest, LastGood, PinnedSet } from '../../../src/resolve/types.ts';
import { createBuild, createProject, createRequest, digest, sha } from '../../fixtures/builders.ts';
import { renderParameters } from '../../../src/wire/argocd/response.ts';

const FRESH_FOR = 15_000;
const DEADLINE = 20_000;
const PATIENCE = 2_000;

let now: number;
let asked: BranchRequest[];
let resolve: (request: BranchRequest) => Promise<Decision>;
let lastGood: LastGood | undefined;
let proof: () => Promise<boolean>;
let neverHandedOut: boolean;
let defects: unknown[];
let answers: AnswerService;

beforeEach(() => {
  vi.useFakeTimers();
  now = 1_000_000;
  asked = [];
  lastGood = undefined;
  neverHandedOut = false;
  proof = async () => neverHandedOut;
  defects = [];
  resolve = async () => decided('7');
  answers = new AnswerService({
    resolve: (request) => {
      asked.push(request);
      return resolve(request);
    },
    recall: async () => (lastGood === undefined ? { kind: 'nothing' } : { kind: 'whole', lastGood }),
    isNeverHandedOut: () => proof(),
    patience: PATIENCE,
    render: renderParameters,
    freshFor: FRESH_FOR,
    deadline: DEADLINE,
    now: () => now,
    onDefect: (error) => defects.push(error),
  });
});
afterEach(() => vi.useRealTimers());

function pinned(id: string): PinnedSet {
  return {
    build: createBuild({
      id,
      number: '70',
      url: 'https://ci.test/7',
      finishedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      position: 0,
    }),
    images: {
      'shop-front': {
        repository: 'registry.test/front',
        tag: 't',
        digest: digest('f'),
        rule: '[]',
        commit: sha(id),
        position: 0,
        runs: '',
      },
    },
  };
}
function decided(id: string): Decision {
  return { kind: 'answered', set: pinned(id), freshness: 'fresh', asOf: now, because: '' };
}
function buildId(answer: Awaited<ReturnType<AnswerService['answer']>>): string {
  if (answer.kind !== 'answered') return answer.kind === 'failed' ? answer.code : answer.kind;
  return `${JSON.parse(answer.body).output.parameters[0].build.id} ${answer.freshness}`;
}

test('the body is as documented: every leaf is a string, every key is present', async () => {
  const answer = await answers.answer(createRequest({ headSha: sha('7') }));
  expect(answer.kind === 'answered' && JSON.parse(answer.body)).toEqual({
    output: {
      parameters: [
        {
          digestShopFront: digest('f'),
          images: {
            'shop-front': {
              reference: `registry.test/front@${digest('f')}`,
              repository: 'registry.test/front',
              tag: 't',
              digest: digest('f'),
            },
          },
          build: {
            commit: sha('7'),
            commitShort: sha('7').slice(0, 8),
            branch: 'feature',
            branchSlug: 'feature',
            id: '7',
            number: '70',
            attempt: '1',
            url: 'https://ci.test/7',
            finishedAt: '2026-01-02T03:04:05.000Z',
            isHead: 'true',
          },
        },
      ],
    },
  });
});

async function isHead(headSha?: string): Promise<string> {
  const answer = await answers.answer(createRequest(headSha === undefined ? {} : { headSha }));
  return answer.kind === 'answered' && JSON.parse(answer.body).output.parameters[0].build.isHead;
}

test('isHead is true for the given head, false for another, empty without one', async () => {
  expect(await isHead(sha('7'))).toBe('true');
  expect(await isHead(sha('8'))).toBe('false');
  expect(await isHead()).toBe('');
});

test('an empty list without an answer from CI is as old as its proof', async () => {
  resolve = async () => ({ kind: 'nothing', freshness: 'stale', asOf: 0, because: '' });
  expect(await answers.answer(createRequest())).toMatchObject({ kind: 'nothing', asOf: now });
});

test('nothing to deploy is an empty list', async () => {
  resolve = async () => ({ kind: 'nothing', freshness: 'fresh', asOf: now, because: '' });
  expect(await answers.answer(createRequest())).toMatchObject({
    kind: 'nothing',
    body: '{"output":{"parameters":[]}}',
  });
});

test("an answer from memory is at most as old as the project's own freshFor", async () => {
  const project = createProject({ freshForMs: 60_000 });
  await answers.answer(createRequest({ project }));
  now += 59_999;
  await answers.answer(createRequest({ project }));
  expect(asked).toHaveLength(1);
  now += 1;
  await answers.answer(createRequest({ project }));
  expect(asked).toHaveLength(2);
});

describe('from memory', () => {
  test('a fresh answer is returned at once, until its facts are freshFor old', async () => {
    await answers.answer(createRequest());
    now += FRESH_FOR - 1;
    expect(answers.answer(createRequest())).not.toBeInstanceOf(Promise);
    now += 1;
    await answers.answer(createRequest());
    expect(asked).toHaveLength(2);
  });

  test('an answer from before the clock was set back is not used', async () => {
    await answers.answer(createRequest());
    now -= 1;
    await answers.answer(createRequest());
    expect(asked).toHaveLength(2);
  });

  test('a stale answer and a failure are never kept', async () => {
    resolve = async () => ({ ...decided('7'), freshness: 'stale' }) as Decision;
    await answers.answer(createRequest());
    resolve = async () => ({ kind: 'failed', code: 'upstream_failed', message: 'm' });
    expect(await answers.answer(createRequest())).toEqual({
      kind: 'failed',
      code: 'upstream_failed',
      message: 'm',
    });
    expect(asked).toHaveLength(2);
  });

  test('a fresh answer is forgotten once another head got a newer one that is stale', async () => {
    await answers.answer(createRequest());
    resolve = async () => ({ ...decided('8'), freshness: 'stale' }) as Decision;
    expect(buildId(await answers.answer(createRequest({ headSha: sha('8') })))).toBe('8 stale');
    expect(buildId(await answers.answer(createRequest()))).toBe('8 stale');
  });

  test('branches, pull requests, heads and target branches have separate answers', async () => {
    const others = [
      { number: '1' },
      { number: '1', headSha: sha('1') },
      { number: '1', targetBranch: 'main' },
    ];
    for (const given of [{}, { branch: 'other' }, ...others]) {
      await answers.answer(createRequest(given));
    }
    expect(asked).toHaveLength(5);
  });
});

describe('concurrency', () => {
  test('callers with the same request share one resolution', async () => {
    await Promise.all(Array.from({ length: 50 }, async () => answers.answer(createRequest())));
    expect(asked).toHaveLength(1);
  });

  test('a branch and pull request is resolved once at a time, so that an older view cannot win', async () => {
    const first = Promise.withResolvers<Decision>();
    resolve = () => first.promise;
    const one = answers.answer(createRequest({ headSha: sha('1') }));
    await vi.advanceTimersByTimeAsync(0);
    resolve = async () => decided('8');
    const two = answers.answer(createRequest({ headSha: sha('2') }));
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toHaveLength(1);
    first.resolve(decided('7'));
    expect(buildId(await one)).toBe('7 fresh');
    expect(buildId(await two)).toBe('8 fresh');
  });

  test('a caller joins a waiting one with the same request, among any others', async () => {
    const heads = ['1', '2'];
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) =>
        answers.answer(createRequest({ headSha: sha(heads[i % 2] ?? '') })),
      ),
    );
    expect(asked).toHaveLength(2);
  });

  test('a failed resolution does not fail the one queued after it', async () => {
    resolve = () => Promise.reject(new TypeError('defect'));
    const one = answers.answer(createRequest({ headSha: sha('1') }));
    const refused = Promise.resolve(one).catch(String);
    await vi.advanceTimersByTimeAsync(0);
    resolve = async () => decided('8');
    expect(buildId(await answers.answer(createRequest({ headSha: sha('2') })))).toBe('8 fresh');
    expect(await refused).toContain('defect');
  });
});

describe('patience', () => {
  test('last good, stale, once it has passed; the late answer is still stored', async () => {
    const late = Promise.withResolvers<Decision>();
    resolve = () => late.promise;
    lastGood = { set: pinned('6'), confirmedAt: 5000 };
    const waiting = answers.answer(createRequest());
    await vi.advanceTimersByTimeAsync(PATIENCE);
    expect(await waiting).toMatchObject({
      kind: 'answered',
      freshness: 'stale',
      asOf: 5000,
      because: expect.stringContaining('server.patience'),
    });
    late.resolve(decided('7'));
    await vi.advanceTimersByTimeAsync(0);
    expect(buildId(await answers.answer(createRequest()))).toBe('7 fresh');
    expect(asked).toHaveLength(1);
  });

  test('a hanging upstream costs a matrix of hundreds one wait, not one per branch', async () => {
    resolve = () => new Promise(() => undefined);
    lastGood = { set: pinned('6'), confirmedAt: 5000 };
    const began = Date.now();
    for (let i = 0; i < 400; i++) {
      const waiting = Promise.resolve(answers.answer(createRequest({ branch: `b${i}` })));
      await vi.advanceTimersToNextTimerAsync();
      expect(buildId(await waiting)).toBe('6 stale');
    }
    expect(Date.now() - began).toBeLessThan(PATIENCE + 400 * 30);
  });

  test('of another project is not affected', async () => {
    const late = Promise.withResolvers<Decision>();
    resolve = () => late.promise;
    lastGood = { set: pinned('6'), confirmedAt: 5000 };
    const hanging = answers.answer(createRequest());
    await vi.advanceTimersByTimeAsync(PATIENCE);
    expect(buildId(await hanging)).toBe('6 stale');
    const slow = answers.answer(createRequest({ project: createProject({ name: 'other' }) }));
    await vi.advanceTimersByTimeAsync(PATIENCE - 1);
    late.resolve(decided('7'));
    expect(buildId(await slow)).toBe('7 fresh');
  });

  test('stays short until the last of several requests has ended, successful or not', async () => {
    lastGood = { set: pinned('6'), confirmedAt: 5000 };
    const late = [1, 2].map(() => Promise.withResolvers<Decision>());
    resolve = ({ branch }) => late[Number(branch)]?.promise ?? new Promise(() => undefined);
    const questions = late.map(async (_, i) => answers.answer(createRequest({ branch: String(i) })));
    await vi.advanceTimersByTimeAsync(PATIENCE);
    await Promise.all(questions);
    late[0]?.resolve(decided('7'));
    await vi.advanceTimersByTimeAsync(0);
    const soon = answers.answer(createRequest({ branch: 'c' }));
    await vi.advanceTimersByTimeAsync(PATIENCE / 2);
    expect(vi.getTimerCount()).toBe(0);
    expect(buildId(await soon)).toBe('6 stale');
  });

  test('is restored after the pending request has failed', async () => {
    lastGood = { set: pinned('6'), confirmedAt: 5000 };
    const late = Promise.withResolvers<Decision>();
    resolve = () => late.promise;
    const waiting = answers.answer(createRequest());
    await vi.advanceTimersByTimeAsync(PATIENCE);
    await waiting;
    late.reject(new TypeError('defect'));
    await vi.advanceTimersByTimeAsync(0);
    resolve = () => new Promise(() => undefined);
    void answers.answer(createRequest({ branch: 'other' }));
    await vi.advanceTimersByTimeAsync(PATIENCE / 2);
    expect(vi.getTimerCount()).toBe(1);
  });

  test('is restored once the upstream has responded', async () => {
    const late = Promise.withResolvers<Decision>();
    resolve = () => late.promise;
    lastGood = { set: pinned('6'), confirmedAt: 5000 };
    const hanging = answers.answer(createRequest());
    await vi.advanceTimersByTimeAsync(PATIENCE);
    await hanging;
    late.resolve(decided('7'));
    await vi.advanceTimersByTimeAsync(0);
    const slow = Promise.withResolvers<Decision>();
    resolve = () => slow.promise;
    const waiting = answers.answer(createRequest({ branch: 'other' }));
    await vi.advanceTimersByTimeAsync(PATIENCE - 1);
    slow.resolve(decided('8'));
    expect(buildId(await waiting)).toBe('8 fresh');
  });

  test('a caller without a last good answer waits up to the deadline', async () => {
    const late = Promise.withResolvers<Decision>();
    resolve = () => late.promise;
    const waiting = answers.answer(createRequest());
    await vi.advanceTimersByTimeAsync(DEADLINE - 1);
    late.resolve(decided('7'));
    expect(buildId(await waiting)).toBe('7 fresh');
  });
});

describe('the deadline', () => {
  test('gives an empty list, stale, if nothing was ever handed out', async () => {
    resolve = () => new Promise(() => undefined);
    neverHandedOut = true;
    const waiting = answers.answer(createRequest({ number: '5' }));
    await vi.advanceTimersByTimeAsync(DEADLINE);
    expect(await waiting).toMatchObject({ kind: 'nothing', freshness: 'stale' });
    expect(answers.answer(createRequest({ number: '5' }))).toBeInstanceOf(Promise);
  });

  test('gives an answer from while the caller waited, stale', async () => {
    resolve = () => new Promise(() => undefined);
    const waiting = answers.answer(createRequest());
    await vi.advanceTimersByTimeAsync(PATIENCE);
    lastGood = { set: pinned('6'), confirmedAt: 5000 };
    await vi.advanceTimersByTimeAsync(DEADLINE);
    expect(buildId(await waiting)).toBe('6 stale');
  });

  test('gives deadline_exceeded without one, and a stable text', async () => {
    resolve = () => new Promise(() => undefined);
    const waiting = answers.answer(createRequest());
    await vi.advanceTimersByTimeAsync(DEADLINE);
    expect(await waiting).toMatchObject({
      kind: 'failed',
      code: 'deadline_exceeded',
      message: expect.not.stringMatching(/\d/),
    });
  });

  test('leaves no timer running if the answer came in time', async () => {
    await answers.answer(createRequest());
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an internal error', () => {
  test('is reported, and a running environment keeps running', async () => {
    resolve = () => Promise.reject(new TypeError('defect'));
    lastGood = { set: pinned('6'), confirmedAt: 5000 };
    expect(buildId(await answers.answer(createRequest()))).toBe('6 stale');
    expect(defects).toHaveLength(1);
  });

  test('in the proof proves nothing, and is harmless if the answer comes first', async () => {
    proof = () => Promise.reject(new TypeError('defect'));
    const late = Promise.withResolvers<Decision>();
    resolve = () => late.promise;
    const waiting = answers.answer(createRequest({ number: '5' }));
    await vi.advanceTimersByTimeAsync(PATIENCE);
    late.resolve(decided('7'));
    expect(buildId(await waiting)).toBe('7 fresh');
    resolve = () => new Promise(() => undefined);
    const another = answers.answer(createRequest({ number: '6' }));
    await vi.advanceTimersByTimeAsync(DEADLINE);
    expect(buildId(await another)).toBe('deadline_exceeded');
    expect(defects).toHaveLength(2);
  });

  test('is rethrown if nothing was handed out before', async () => {
    resolve = () => Promise.reject(new TypeError('defect'));
    await expect(answers.answer(createRequest())).rejects.toThrow('defect');
  });
});

async function crowd(): Promise<Promise<unknown>[]> {
  resolve = () => new Promise(() => undefined);
  const waiting = Array.from({ length: 10_000 }, (_, i) =>
    Promise.resolve(answers.answer(createRequest({ branch: `invented-${i}` }))),
  );
  await vi.advanceTimersByTimeAsync(0);
  return waiting;
}

describe('waiting callers', () => {
  test('are limited to ten thousand: others are refused at once, without a call', async () => {
    const waiting = await crowd();
    expect(await answers.answer(createRequest())).toEqual({
      kind: 'failed',
      code: 'rate_limited',
      message:
        'project shop, branch feature: too many calls wait for CI or the registry; send them one after the other',
    });
    expect(asked).toHaveLength(10_000);
    await vi.advanceTimersByTimeAsync(DEADLINE);
    await Promise.all(waiting);
    resolve = async () => decided('7');
    expect(buildId(await answers.answer(createRequest()))).toBe('7 fresh');
  });

  test('get a last good answer if there is one; answers from memory are unaffected', async () => {
    expect(buildId(await answers.answer(createRequest({ branch: 'main' })))).toBe('7 fresh');
    const waiting = await crowd();
    lastGood = { set: pinned('5'), confirmedAt: now };
    expect(buildId(await answers.answer(createRequest()))).toBe('5 stale');
    expect(buildId(await answers.answer(createRequest({ branch: 'main' })))).toBe('7 fresh');
    await vi.advanceTimersByTimeAsync(DEADLINE);
    await Promise.all(waiting);
  });
});
