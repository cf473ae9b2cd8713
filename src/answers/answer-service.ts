/** Answers from memory while it is fresh; otherwise resolves the branch within its time limits. */
import { isWithin, type Clock } from '../clock.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { settledWithin } from '../resilience/deadline.ts';
import { KeyedQueue } from '../resilience/keyed-queue.ts';
import {
  decideCrowded,
  decideDefect,
  decideLate,
  decideProvenNothing,
  type Decision,
} from '../resolve/decision.ts';
import { lastGoodKey, type Remembered } from '../resolve/recall.ts';
import type { BranchRequest, LastGood, PinnedSet } from '../resolve/types.ts';
import type { Answer } from './answer.ts';

const MAX_ANSWERS = 50_000;
/**
 * Patience in milliseconds while another request of the project has exhausted its own: a matrix requests
 * hundreds of branches one after the other, and each must not wait for a hanging upstream. Answers from
 * memory take much less time.
 */
const PATIENCE_WHILE_OVERDUE = 25;
/** One for each connection that http/app.ts allows, because each waiting call costs memory. */
const MAX_WAITING = 10_000;

export interface AnswerServiceOptions {
  readonly resolve: (request: BranchRequest) => Promise<Decision>;
  readonly recall: (request: BranchRequest) => Promise<Remembered>;
  /** Whether it is proven that no answer was ever given for the pull request. */
  readonly isNeverHandedOut: (request: BranchRequest, remembered: Remembered) => Promise<boolean>;
  /** Serializes the answer in the caller's format. */
  readonly render: (sets: readonly PinnedSet[], request: BranchRequest) => string;
  /**
   * Maximum age of an answer from memory, in milliseconds since upstream confirmed it, unless the project has
   * its own.
   */
  readonly freshFor: number;
  /** Maximum wait of a caller, in milliseconds. */
  readonly deadline: number;
  /** Maximum wait in milliseconds if there is a last good answer. */
  readonly patience: number;
  readonly now: Clock;
  /** Called with errors that are not upstream failures. */
  readonly onDefect: (error: unknown) => void;
}

interface RememberedAnswer {
  readonly variant: string;
  readonly answer: Extract<Answer, { kind: 'answered' | 'nothing' }>;
}

export class AnswerService {
  readonly #options: AnswerServiceOptions;
  readonly #answers = createBoundedCache<RememberedAnswer>(MAX_ANSWERS);
  readonly #queue = new KeyedQueue();
  readonly #overdue = new OverdueRequests();
  #waiting = 0;

  constructor(options: AnswerServiceOptions) {
    this.#options = options;
  }

  /** Returns an answer from memory synchronously. */
  answer(request: BranchRequest): Answer | Promise<Answer> {
    const { now, freshFor } = this.#options;
    const key = lastGoodKey(request);
    const known = this.#answers.get(key);
    return known !== undefined &&
      known.variant === variantOf(request) &&
      isWithin(now(), known.answer.asOf, request.project.freshForMs ?? freshFor)
      ? known.answer
      : this.#answerBounded(key, request);
  }

  async #answerBounded(key: string, request: BranchRequest): Promise<Answer> {
    if (this.#waiting >= MAX_WAITING) {
      return this.#present(decideCrowded(await this.#recallLastGood(request), request), request);
    }
    this.#waiting += 1;
    try {
      return await this.#answerInTime(key, request);
    } finally {
      this.#waiting -= 1;
    }
  }

  async #answerInTime(key: string, request: BranchRequest): Promise<Answer> {
    const { patience } = this.#options;
    const isOverdue = this.#overdue.has(request.project.name);
    const wait = isOverdue ? Math.min(patience, PATIENCE_WHILE_OVERDUE) : patience;
    const resolving = this.#queue.run(key, variantOf(request), () => this.#resolve(key, request));
    try {
      return (await settledWithin(wait, resolving)) ?? (await this.#answerLate(request, resolving, wait));
    } catch (error) {
      const decision = decideDefect(await this.#recallLastGood(request));
      if (decision === undefined) throw error;
      return this.#present(decision, request);
    }
  }

  async #resolve(key: string, request: BranchRequest): Promise<Answer> {
    const { resolve, now, onDefect } = this.#options;
    try {
      const answer = this.#present(withConfirmationTime(await resolve(request), now()), request);
      this.#remember(key, variantOf(request), answer);
      return answer;
    } catch (error) {
      onDefect(error);
      throw error;
    }
  }

  /** A stale answer may be newer than the one to the same branch with another head, which must not return. */
  #remember(key: string, variant: string, answer: Answer): void {
    if (answer.kind === 'failed') return;
    if (answer.freshness === 'fresh') this.#answers.set(key, { variant, answer });
    else this.#answers.delete(key);
  }

  /** Called when patience has run out. A late result is still remembered for the next caller. */
  async #answerLate(request: BranchRequest, resolving: Promise<Answer>, waited: number): Promise<Answer> {
    const { recall, isNeverHandedOut, deadline, now, onDefect } = this.#options;
    this.#overdue.add(request.project.name, resolving);
    const remembered = await recall(request);
    const lastGood = selectLastGood(remembered);
    if (lastGood !== undefined) {
      return this.#present(decideLate(lastGood, request, 'server.patience'), request);
    }
    // Handled here, because nothing awaits the proof if the answer comes first.
    const proving = isNeverHandedOut(request, remembered).catch((error: unknown) => {
      onDefect(error);
      return false;
    });
    const answer = await settledWithin(deadline - waited, resolving);
    if (answer !== undefined) return answer;
    const late = decideLate(await this.#recallLastGood(request), request, 'server.deadline');
    const isProven = (await settledWithin(0, proving)) === true;
    return this.#present(isProven ? decideProvenNothing(late, now()) : late, request);
  }

  async #recallLastGood(request: BranchRequest): Promise<LastGood | undefined> {
    return selectLastGood(await this.#options.recall(request));
  }

  #present(decision: Decision, request: BranchRequest): Answer {
    const { render } = this.#options;
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
}

/** The parameters beside `lastGoodKey` on which an answer depends. */
function variantOf({ headSha = '', targetBranch = '' }: BranchRequest): string {
  return `${headSha} ${targetBranch}`;
}

function selectLastGood(remembered: Remembered): LastGood | undefined {
  return remembered.kind === 'whole' ? remembered.lastGood : undefined;
}

/** Unfinished resolutions whose callers' patience has run out, by project. */
class OverdueRequests {
  readonly #byProject = new Map<string, Set<Promise<Answer>>>();

  has(project: string): boolean {
    return this.#byProject.has(project);
  }

  add(project: string, resolving: Promise<Answer>): void {
    const pending = this.#byProject.get(project) ?? new Set();
    if (pending.has(resolving)) return;
    this.#byProject.set(project, pending.add(resolving));
    const remove = (): void => {
      pending.delete(resolving);
      if (pending.size === 0) this.#byProject.delete(project);
    };
    resolving.then(remove, remove);
  }
}

/** An empty list that is proven without an answer from CI is as old as its proof. */
function withConfirmationTime(decision: Decision, now: number): Decision {
  return decision.kind === 'nothing' && decision.asOf === 0 ? { ...decision, asOf: now } : decision;
}
