/** Answers kept in memory and given within the deadline. It wraps the core from outside, which does not know of it. */
import { LRUCache } from 'lru-cache';
import type { Answer } from '../resolve/answer.ts';
import { decideDefect, decideLate, type Decision } from '../resolve/decide.ts';
import { createParameterSet } from '../resolve/parameter-set.ts';
import type { Clock } from '../resolve/ports.ts';
import { lastGoodKey } from '../resolve/resolve-branch.ts';
import type { BranchRequest, LastGood } from '../resolve/types.ts';
import { bounded } from './bounded.ts';
import { createTurns } from './turns.ts';

const MAX_ANSWERS = 50_000;

export interface AnswersOptions {
  readonly resolve: (request: BranchRequest) => Promise<Decision>;
  readonly recall: (request: BranchRequest) => Promise<LastGood | 'unreadable' | undefined>;
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
  const takeTurn = createTurns();

  async function resolveAndKeep(key: string, request: BranchRequest): Promise<Answer> {
    try {
      const answer = present(await resolve(request), request.headSha);
      if (answer.kind !== 'failed' && answer.freshness === 'fresh') {
        kept.set(key, { headSha: request.headSha, answer });
      }
      return answer;
    } catch (error) {
      onDefect(error);
      throw error;
    }
  }

  async function answerInTime(key: string, request: BranchRequest): Promise<Answer> {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(late.resolve, deadline, undefined);
    try {
      const resolving = takeTurn(key, request.headSha ?? '', () => resolveAndKeep(key, request));
      const answer = await Promise.race([resolving, late.promise]);
      return answer ?? present(decideLate(await remembered(request), request), request.headSha);
    } catch (error) {
      const decision = decideDefect(await remembered(request));
      if (decision === undefined) throw error;
      return present(decision, request.headSha);
    } finally {
      clearTimeout(timer);
    }
  }

  async function remembered(request: BranchRequest): Promise<LastGood | undefined> {
    const lastGood = await recall(request);
    return lastGood === 'unreadable' ? undefined : lastGood;
  }

  return {
    answer(request) {
      const key = lastGoodKey(request);
      const memory = kept.get(key);
      return memory !== undefined && memory.headSha === request.headSha && isFresh(memory.answer.asOf)
        ? memory.answer
        : answerInTime(key, request);
    },
  };

  /** A negative age is none: the clock was set back. */
  function isFresh(asOf: number): boolean {
    const age = now() - asOf;
    return age >= 0 && age < freshFor;
  }
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
