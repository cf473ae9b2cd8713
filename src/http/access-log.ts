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
  /** @param age age of the answer in seconds; omitted if there was no answer */
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
  /** The reason for the answer, for people. */
  readonly because: string;
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

export class AccessLog {
  readonly #logger: Logger;
  readonly #observer: CallObserver;
  readonly #stopwatch: () => number;
  #pending: PendingEntry[] = [];

  /** @param stopwatch monotonic milliseconds with fractions, such as `performance.now` */
  constructor(logger: Logger, observer: CallObserver, stopwatch: () => number) {
    this.#logger = logger;
    this.#observer = observer;
    this.#stopwatch = stopwatch;
  }

  /** Starts the stopwatch for a request. */
  start(request: FastifyRequest): void {
    request.startedAt = this.#stopwatch();
  }

  answered({ branchRequest, startedAt }: FastifyRequest, answer: SentAnswer): void {
    if (this.#pending.length === 0) setTimeout(() => this.flush(), MAX_DELAY_MS).unref();
    this.#pending.push({ ...answer, request: branchRequest, durationMs: this.#stopwatch() - startedAt });
    if (this.#pending.length >= MAX_BATCH) this.flush();
  }

  /** Logs the cause only of internal errors. */
  failed(
    { branchRequest, startedAt, routeOptions }: FastifyRequest,
    { code, message, cause }: ApiError,
  ): void {
    this.flush();
    const durationMs = this.#stopwatch() - startedAt;
    const fields = { ...describeRequest(branchRequest), outcome: code, durationMs: round(durationMs) };
    // Load balancers and scanners probe other paths without a token. Only a rejected call to the plugin's
    // endpoint deserves a warning.
    if (code === 'forbidden' && routeOptions.url === undefined) {
      this.#logger.debug({ ...fields, message }, 'refused');
      return;
    }
    this.#observer.callFinished(code, durationMs / 1000);
    if (code === 'internal_error') this.#logger.error({ ...fields, err: cause }, message);
    else this.#logger.warn({ ...fields, message }, 'refused or failed');
  }

  /** Writes all pending lines now. */
  flush(): void {
    const batch = this.#pending;
    this.#pending = [];
    for (const entry of batch) this.#write(entry);
  }

  #write({ request, kind, freshness, age, because, durationMs }: PendingEntry): void {
    const outcome = kind === 'nothing' ? 'nothing' : freshness;
    this.#observer.callFinished(outcome, durationMs / 1000, freshness, age);
    const isUnfilled = kind === 'nothing' && request !== undefined && looksUnfilled(request.branch);
    this.#logger.info(
      {
        ...describeRequest(request),
        outcome,
        freshness,
        age,
        durationMs: round(durationMs),
        // A fresh answer needs no explanation.
        because: outcome === 'fresh' ? undefined : because,
        hint: isUnfilled ? UNFILLED : undefined,
      },
      'answered',
    );
  }
}

function describeRequest(request: BranchRequest | undefined): object {
  if (request === undefined) return {};
  return { project: request.project.name, branch: request.branch, number: request.number };
}

/** Rounds to microseconds, the resolution of the stopwatch. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
