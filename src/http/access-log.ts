/** The access log: for each call, one log line and one observation in the metrics. */
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { ApiError, ApiErrorCode } from '../errors.ts';
import type { BranchRequest } from '../resolve/types.ts';
import { looksUnfilled } from '../wire/argocd/unfilled-template.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** By the stopwatch, in milliseconds. */
    startedAt: number;
    /** Set once the body has been parsed. */
    branchRequest: BranchRequest | undefined;
  }
}

/** How a call ended. The set is closed because it is a label of a metric. */
export type CallOutcome = 'fresh' | 'stale' | 'nothing' | ApiErrorCode;

export interface CallObserver {
  /** @param age age of the answer in seconds; left out if there was no answer */
  callFinished(
    outcome: CallOutcome,
    durationSeconds: number,
    freshness?: 'fresh' | 'stale',
    age?: number,
  ): void;
}

interface SentAnswer {
  readonly kind: 'answered' | 'nothing';
  readonly freshness: 'fresh' | 'stale';
  /** In whole seconds. */
  readonly age: number;
  /** Why this is the answer, for people. */
  readonly because: string;
}

export interface AccessLog {
  /** Starts the stopwatch for a request. */
  start(request: FastifyRequest): void;
  answered(request: FastifyRequest, answer: SentAnswer): void;
  /** Logs the cause only of internal errors. */
  failed(request: FastifyRequest, error: ApiError): void;
  /** Writes all pending lines now. */
  flush(): void;
}

interface PendingEntry extends SentAnswer {
  readonly request: BranchRequest | undefined;
  readonly durationMs: number;
}

/**
 * Answers are logged in batches, which saves 15% of the CPU time of an answer from memory
 * (test/bench/memory-answer.ts). Failures are logged at once.
 */
const MAX_DELAY_MS = 20;
const MAX_BATCH = 256;

const UNFILLED = 'the branch looks like a template that Argo CD has not filled in';

/** @param stopwatch monotonic milliseconds with fractions, such as `performance.now` */
export function createAccessLog(logger: Logger, observer: CallObserver, stopwatch: () => number): AccessLog {
  let pending: PendingEntry[] = [];
  function flush(): void {
    const batch = pending;
    pending = [];
    for (const entry of batch) writeAnswer(logger, observer, entry);
  }
  return {
    flush,
    start(request) {
      request.startedAt = stopwatch();
    },
    answered({ branchRequest, startedAt }, answer) {
      if (pending.length === 0) setTimeout(flush, MAX_DELAY_MS).unref();
      pending.push({ ...answer, request: branchRequest, durationMs: stopwatch() - startedAt });
      if (pending.length >= MAX_BATCH) flush();
    },
    failed({ branchRequest, startedAt, routeOptions }, error) {
      flush();
      const durationMs = stopwatch() - startedAt;
      const fields = {
        ...describeRequest(branchRequest),
        outcome: error.code,
        durationMs: round(durationMs),
      };
      // Load balancers and scanners probe other paths without a token. Only a refused call of Argo CD is
      // worth a warning.
      if (error.code === 'forbidden' && routeOptions.url === undefined) {
        logger.debug({ ...fields, message: error.message }, 'refused');
        return;
      }
      observer.callFinished(error.code, durationMs / 1000);
      if (error.code === 'internal_error') logger.error({ ...fields, err: error.cause }, error.message);
      else logger.warn({ ...fields, message: error.message }, 'refused or failed');
    },
  };
}

function writeAnswer(
  logger: Logger,
  observer: CallObserver,
  { request, kind, freshness, age, because, durationMs }: PendingEntry,
): void {
  const outcome = kind === 'nothing' ? 'nothing' : freshness;
  observer.callFinished(outcome, durationMs / 1000, freshness, age);
  const hint = kind === 'nothing' && request !== undefined && looksUnfilled(request.branch) && UNFILLED;
  logger.info(
    {
      ...describeRequest(request),
      outcome,
      freshness,
      age,
      durationMs: round(durationMs),
      // A fresh answer needs no explanation.
      ...(outcome !== 'fresh' && { because }),
      ...(hint !== false && { hint }),
    },
    'answered',
  );
}

function describeRequest(request: BranchRequest | undefined): object {
  if (request === undefined) return {};
  return { project: request.project.name, branch: request.branch, number: request.number };
}

/** Rounds to microseconds, the resolution of the stopwatch. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
