/** What is told of each call, once: one line in the log and one observation in the metrics (design §8). */
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { ApiError, ApiErrorCode } from '../errors.ts';
import type { BranchRequest } from '../resolve/types.ts';
import { looksUnfilled } from '../wire/argocd/unfilled-template.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** When the call began, by the stopwatch, in milliseconds. */
    startedAt: number;
    /** What was asked, from when it is parsed. */
    question: BranchRequest | undefined;
  }
}

/** How a call ended. A closed set, since it is a label of a metric. */
export type CallOutcome = 'fresh' | 'stale' | 'nothing' | ApiErrorCode;

/** Told about each call, for metrics. */
export interface CallObserver {
  /** @param age how old the answer was, in seconds; left out when there was none */
  called(outcome: CallOutcome, durationSeconds: number, freshness?: 'fresh' | 'stale', age?: number): void;
}

/** An answer that was sent. */
interface Sent {
  readonly kind: 'answered' | 'nothing';
  readonly freshness: 'fresh' | 'stale';
  /** Whole seconds. */
  readonly age: number;
  /** Why it is this answer. */
  readonly because: string;
}

export interface CallLog {
  begin(request: FastifyRequest): void;
  answered(request: FastifyRequest, sent: Sent): void;
  /** The cause is logged only when it is our own fault. */
  failed(request: FastifyRequest, error: ApiError): void;
  /** Tells now what is still to be told. */
  flush(): void;
}

interface Told extends Sent {
  readonly question: BranchRequest | undefined;
  readonly durationMs: number;
}

/**
 * Answers are told of a few milliseconds later and many at once: one by one, that would cost more than all else that is done
 * for an answer from memory (measured by test/bench/memory-answer.ts). Failures are told of at once.
 */
const LONGEST_WAIT_MS = 20;
const BATCH = 256;

const UNFILLED = 'the branch looks like a template that Argo CD has not filled in';

/** @param stopwatch monotonic milliseconds with fractions, such as `performance.now` */
export function createCallLog(logger: Logger, observer: CallObserver, stopwatch: () => number): CallLog {
  let waiting: Told[] = [];
  function flush(): void {
    const batch = waiting;
    waiting = [];
    for (const told of batch) tell(told);
  }
  function tell({ question, kind, freshness, age, because, durationMs }: Told): void {
    const outcome = kind === 'nothing' ? 'nothing' : freshness;
    observer.called(outcome, durationMs / 1000, freshness, age);
    const hint = kind === 'nothing' && question !== undefined && looksUnfilled(question.branch) && UNFILLED;
    logger.info(
      {
        ...asked(question),
        outcome,
        freshness,
        age,
        durationMs: rounded(durationMs),
        // Of a fresh answer there is nothing to explain.
        ...(outcome !== 'fresh' && { because }),
        ...(hint !== false && { hint }),
      },
      'answered',
    );
  }
  return {
    flush,
    begin(request) {
      request.startedAt = stopwatch();
    },
    answered({ question, startedAt }, sent) {
      if (waiting.length === 0) setTimeout(flush, LONGEST_WAIT_MS).unref();
      waiting.push({ ...sent, question, durationMs: stopwatch() - startedAt });
      if (waiting.length >= BATCH) flush();
    },
    failed({ question, startedAt, routeOptions }, error) {
      flush();
      // Load balancers and scanners that knock without a token are no calls of Argo CD's, whose refusals one wants to hear of.
      const isCall = routeOptions.url !== undefined;
      const durationMs = stopwatch() - startedAt;
      const fields = { ...asked(question), outcome: error.code, durationMs: rounded(durationMs) };
      if (error.code === 'forbidden' && !isCall) {
        logger.debug({ ...fields, message: error.message }, 'refused');
        return;
      }
      observer.called(error.code, durationMs / 1000);
      if (error.code === 'internal_error') logger.error({ ...fields, err: error.cause }, error.message);
      else logger.warn({ ...fields, message: error.message }, 'refused or failed');
    },
  };
}

function asked(question: BranchRequest | undefined): object {
  if (question === undefined) return {};
  return { project: question.project.name, branch: question.branch, number: question.number };
}

/** Microseconds are all that the stopwatch tells. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
