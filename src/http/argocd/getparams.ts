/** The call itself: parse, answer, send (design §1). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../errors.ts';
import type { Answer } from '../../answers/answer.ts';
import type { BranchRequest, Project } from '../../resolve/types.ts';
import type { CallLog } from '../access-log.ts';
import { createQuestionParser } from './request-memo.ts';
import type { Clock } from '../../clock.ts';

export const GETPARAMS_PATH = '/api/v1/getparams.execute';

export interface AnswerSource {
  /** Answers at once, not by a promise, when the answer is in memory. */
  answer(request: BranchRequest): Answer | Promise<Answer>;
}

export interface GetParamsDeps {
  readonly projects: ReadonlyMap<string, Project>;
  readonly answers: AnswerSource;
  readonly calls: CallLog;
  readonly now: Clock;
  /** Whether the server is stopping: then the connection ends with the answer. */
  readonly stopping: () => boolean;
}

/** @returns the route's handler; it throws ApiError, which the error handler translates */
export function createGetParams({ projects, answers, calls, now, stopping }: GetParamsDeps) {
  const parseQuestion = createQuestionParser(projects);

  function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): void {
    if (answer.kind === 'failed') throw new ApiError(answer.code, answer.message);
    // A clock that was set back must not make the age negative (RFC 9111, section 5.1: a non-negative integer).
    const age = Math.max(0, Math.floor((now() - answer.asOf) / 1000));
    // Past Fastify's reply, which looks into the content type and the body again; measured by test/bench/memory-answer.ts.
    reply.hijack();
    if (stopping()) reply.raw.setHeader('connection', 'close');
    reply.raw
      .writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(answer.body),
        'greenpin-freshness': answer.freshness,
        age: String(age),
      })
      .end(answer.body);
    const { kind, freshness, because } = answer;
    calls.answered(request, { kind, freshness, age, because });
  }

  return function getParams(
    request: FastifyRequest<{ Body: Buffer | undefined }>,
    reply: FastifyReply,
  ): void | Promise<void> {
    const question = parseQuestion(request.body);
    request.question = question;
    const answer = answers.answer(question);
    return answer instanceof Promise
      ? answer.then((settled) => send(request, reply, settled))
      : send(request, reply, answer);
  };
}
