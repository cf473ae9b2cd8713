/** Answers kept in memory and given in time. It wraps the core from outside, which does not know of it. */
import type { Answer } from './answer.ts';
import {
  decideCrowded,
  decideDefect,
  decideLate,
  decideProvenNothing,
  type Decision,
} from '../resolve/decision.ts';
import { lastGoodKey, type Remembered } from '../resolve/recall.ts';
import type { BranchRequest, LastGood, PinnedSet } from '../resolve/types.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { KeyedQueue } from '../resilience/keyed-queue.ts';
import { isWithin, type Clock } from '../clock.ts';
import { settledWithin } from '../resilience/deadline.ts';

const MAX_ANSWERS = 50_000;
/**
 * Milliseconds of patience while another question of the project has used up its own: a matrix asks for hundreds of branches one after
 * the other, and an upstream that hangs must not cost each of them the whole wait. What is in memory is answered well within it.
 */
const PATIENCE_WHILE_OVERDUE = 25;
/**
 * One for each connection that there may be (http/app.ts): who has more waiting at a time does not wait for answers, or has gone, and
 * each costs memory until then.
 */
const MOST_WAITING = 10_000;

export interface AnswersOptions {
  readonly resolve: (request: BranchRequest) => Promise<Decision>;
  readonly recall: (request: BranchRequest) => Promise<Remembered>;
  /** Whether it is proven that nothing was ever handed out for the pull request. */
  readonly isNeverHandedOut: (request: BranchRequest, remembered: Remembered) => Promise<boolean>;
  /** Writes a set, or none, in the caller's format; the text is kept with the answer. */
  readonly render: (sets: readonly PinnedSet[], request: BranchRequest) => string;
  /** Milliseconds: an answer is given from memory until what it rests on is as old. */
  readonly freshFor: number;
  /** Milliseconds that a caller waits at most. */
  readonly deadline: number;
  /** Milliseconds that a caller waits at most for whom a last good answer is known. */
  readonly patience: number;
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

export function createAnswers(options: AnswersOptions): Answers {
  const { resolve, recall, isNeverHandedOut, render, freshFor, deadline, patience, now, onDefect } = options;
  const kept = createBoundedCache<Kept>(MAX_ANSWERS);
  const queue = new KeyedQueue();
  const overdue = createOverdue();
  let waiting = 0;

  function present(decision: Decision, request: BranchRequest): Answer {
    switch (decision.kind) {
      case 'answered': {
        const { kind, freshness, asOf, because } = decision;
        return { kind, body: render([decision.set], request), freshness, asOf, because };
      }
      case 'nothing':
        return { ...decision, body: render([], request) };
      case 'failed':
        return { kind: 'failed', code: decision.code, message: decision.message };
    }
  }

  async function resolveAndKeep(key: string, request: BranchRequest): Promise<Answer> {
    try {
      const answer = present(dated(await resolve(request), now()), request);
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
    const { name } = request.project;
    const wait = overdue.has(name) ? Math.min(patience, PATIENCE_WHILE_OVERDUE) : patience;
    const resolving = queue.run(key, request.headSha ?? '', () => resolveAndKeep(key, request));
    try {
      return (await settledWithin(wait, resolving)) ?? (await answerLate(request, resolving, wait));
    } catch (error) {
      const decision = decideDefect(lastGoodOf(await recall(request)));
      if (decision === undefined) throw error;
      return present(decision, request);
    }
  }

  async function answerWaiting(key: string, request: BranchRequest): Promise<Answer> {
    if (waiting >= MOST_WAITING)
      return present(decideCrowded(lastGoodOf(await recall(request)), request), request);
    waiting += 1;
    try {
      return await answerInTime(key, request);
    } finally {
      waiting -= 1;
    }
  }

  /** Patience has ended. What comes later is kept all the same, for whoever asks next. */
  async function answerLate(
    request: BranchRequest,
    resolving: Promise<Answer>,
    waited: number,
  ): Promise<Answer> {
    overdue.add(request.project.name, resolving);
    const remembered = await recall(request);
    const lastGood = lastGoodOf(remembered);
    if (lastGood !== undefined) {
      return present(decideLate(lastGood, request, 'server.patience'), request);
    }
    // The answer may come first: then nobody looks at the proof.
    const proving = isNeverHandedOut(request, remembered).catch((error: unknown) => {
      onDefect(error);
      return false;
    });
    const answer = await settledWithin(deadline - waited, resolving);
    if (answer !== undefined) return answer;
    const late = decideLate(lastGoodOf(await recall(request)), request, 'server.deadline');
    const isProven = (await settledWithin(0, proving)) === true;
    return present(isProven ? decideProvenNothing(late, now()) : late, request);
  }

  return {
    answer(request) {
      const key = lastGoodKey(request);
      const memory = kept.get(key);
      return memory !== undefined && memory.headSha === request.headSha && isFresh(memory.answer.asOf)
        ? memory.answer
        : answerWaiting(key, request);
    },
  };

  function isFresh(asOf: number): boolean {
    return isWithin(now(), asOf, freshFor);
  }
}

function lastGoodOf(remembered: Remembered): LastGood | undefined {
  return remembered.kind === 'whole' ? remembered.lastGood : undefined;
}

/** Questions that have used up their callers' patience and are not answered yet, by project. */
function createOverdue() {
  const byProject = new Map<string, Set<Promise<Answer>>>();
  return {
    has: (project: string): boolean => byProject.has(project),
    add(project: string, resolving: Promise<Answer>): void {
      const ones = byProject.get(project) ?? new Set();
      if (ones.has(resolving)) return;
      byProject.set(project, ones.add(resolving));
      const forget = (): void => {
        ones.delete(resolving);
        if (ones.size === 0) byProject.delete(project);
      };
      resolving.then(forget, forget);
    },
  };
}

/** CI may have told nothing at all: an empty list that is proven all the same is as old as its proof. */
function dated(decision: Decision, now: number): Decision {
  return decision.kind === 'nothing' && decision.asOf === 0 ? { ...decision, asOf: now } : decision;
}
