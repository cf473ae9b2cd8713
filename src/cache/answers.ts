/** Answers kept in memory and given within the deadline. It wraps the core from outside, which does not know of it. */
import { LRUCache } from 'lru-cache';
import type { ApiErrorCode } from '../errors.ts';
import { decideDefect, decideLate, type Decision } from '../resolve/decide.ts';
import { createParameterSet } from '../resolve/parameter-set.ts';
import type { Clock } from '../resolve/ports.ts';
import { lastGoodKey } from '../resolve/resolve-branch.ts';
import type { BranchRequest, LastGood } from '../resolve/types.ts';
import { bounded } from './bounded.ts';

const MAX_ANSWERS = 50_000;

/** What goes to the caller. `body` is the response, serialized once; `asOf` is in milliseconds since the epoch. */
export type Answer =
  | {
      readonly kind: 'answered' | 'nothing';
      readonly body: string;
      readonly freshness: 'fresh' | 'stale';
      readonly asOf: number;
    }
  | { readonly kind: 'failed'; readonly code: ApiErrorCode; readonly message: string };

export interface AnswersOptions {
  readonly resolve: (request: BranchRequest) => Promise<Decision>;
  readonly recall: (request: BranchRequest) => Promise<LastGood | undefined>;
  /** Milliseconds: an answer is given from memory until what it rests on is as old. */
  readonly freshFor: number;
  /** Milliseconds that a caller waits at most. */
  readonly deadline: number;
  readonly now: Clock;
  /** Told of an error that is no upstream's fault. */
  readonly onDefect: (error: unknown) => void;
}

export interface Answers {
  /** Synchronous when the answer is in memory. */
  answer(request: BranchRequest): Answer | Promise<Answer>;
}

interface Kept {
  readonly headSha: string | undefined;
  readonly answer: Extract<Answer, { kind: 'answered' | 'nothing' }>;
}

export function createAnswers({
  resolve,
  recall,
  freshFor,
  deadline,
  now,
  onDefect,
}: AnswersOptions): Answers {
  const kept = new LRUCache<string, Kept>(bounded(MAX_ANSWERS));
  /** The last resolution under way for each key. */
  const queue = new Map<string, { headSha: string | undefined; done: Promise<Answer> }>();

  async function resolveAndKeep(key: string, request: BranchRequest): Promise<Answer> {
    const answer = present(await resolve(request), request.headSha);
    if (answer.kind !== 'failed' && answer.freshness === 'fresh') {
      kept.set(key, { headSha: request.headSha, answer });
    }
    return answer;
  }

  /**
   * One key is resolved once at a time: of two resolutions side by side, the one that began with an older listing could end
   * last, and hand out an older build after a newer one.
   */
  function enqueue(key: string, request: BranchRequest): Promise<Answer> {
    const ahead = queue.get(key);
    if (ahead !== undefined && ahead.headSha === request.headSha) return ahead.done;
    const done = (ahead?.done ?? Promise.resolve())
      .then(undefined, () => undefined)
      .then(() => resolveAndKeep(key, request))
      .finally(() => {
        if (queue.get(key)?.done === done) queue.delete(key);
      });
    queue.set(key, { headSha: request.headSha, done });
    return done;
  }

  async function answerInTime(key: string, request: BranchRequest): Promise<Answer> {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(late.resolve, deadline, undefined);
    try {
      const answer = await Promise.race([enqueue(key, request), late.promise]);
      return answer ?? present(decideLate(await recall(request)), request.headSha);
    } catch (error) {
      onDefect(error);
      const decision = decideDefect(await recall(request));
      if (decision === undefined) throw error;
      return present(decision, request.headSha);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    answer(request) {
      const key = lastGoodKey(request);
      const memory = kept.get(key);
      return memory !== undefined &&
        memory.headSha === request.headSha &&
        now() - memory.answer.asOf < freshFor
        ? memory.answer
        : answerInTime(key, request);
    },
  };
}

function present(decision: Decision, headSha: string | undefined): Answer {
  switch (decision.kind) {
    case 'answered':
      return {
        kind: 'answered',
        body: serialize([createParameterSet(decision.set, headSha)]),
        freshness: decision.freshness,
        asOf: decision.asOf,
      };
    case 'nothing':
      return { kind: 'nothing', body: serialize([]), freshness: 'fresh', asOf: decision.asOf };
    case 'failed':
      return { kind: 'failed', code: decision.code, message: decision.message };
  }
}

function serialize(parameters: readonly object[]): string {
  return JSON.stringify({ output: { parameters } });
}
