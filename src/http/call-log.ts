/** What is told of each call, once: one line in the log and one observation in the metrics (design §8). */
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { ApiError, ApiErrorCode } from '../errors.ts';
import type { BranchRequest } from '../resolve/types.ts';
import type { Answer } from './getparams.ts';

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

export interface CallLog {
  begin(request: FastifyRequest): void;
  /** @param age whole seconds */
  answered(request: FastifyRequest, answer: Exclude<Answer, { kind: 'failed' }>, age: number): void;
  /** The cause is logged only when it is our own fault. */
  failed(request: FastifyRequest, error: ApiError): void;
}

/** @param stopwatch monotonic milliseconds with fractions, such as `performance.now` */
export function createCallLog(logger: Logger, observer: CallObserver, stopwatch: () => number): CallLog {
  return {
    begin(request) {
      request.startedAt = stopwatch();
    },
    answered(request, answer, age) {
      const durationMs = stopwatch() - request.startedAt;
      const outcome = answer.kind === 'nothing' ? 'nothing' : answer.freshness;
      observer.called(outcome, durationMs / 1000, answer.freshness, age);
      // Written out, not spread: this line is a good part of what an answer from memory costs.
      const { question } = request;
      logger.info(
        {
          project: question?.project.name,
          branch: question?.branch,
          number: question?.number,
          outcome,
          freshness: answer.freshness,
          age,
          durationMs: rounded(durationMs),
        },
        'answered',
      );
    },
    failed(request, error) {
      const durationMs = stopwatch() - request.startedAt;
      observer.called(error.code, durationMs / 1000);
      const fields = { ...asked(request), outcome: error.code, durationMs: rounded(durationMs) };
      if (error.code === 'internal_error') logger.error({ ...fields, err: error.cause }, error.message);
      else logger.warn({ ...fields, message: error.message }, 'refused or failed');
    },
  };
}

function asked({ question }: FastifyRequest): object {
  if (question === undefined) return {};
  return { project: question.project.name, branch: question.branch, number: question.number };
}

/** Microseconds are all that the stopwatch tells. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
