/** The endpoint that Argo CD calls: parse, answer, send. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '../../answers/answer.ts';
import type { Clock } from '../../clock.ts';
import { ApiError } from '../../errors.ts';
import type { BranchRequest, Project } from '../../resolve/types.ts';
import type { AccessLog } from '../access-log.ts';
import { createMemoizedParser } from './request-memo.ts';

export const GETPARAMS_PATH = '/api/v1/getparams.execute';

export interface AnswerSource {
  /** Returns an answer from memory synchronously. */
  answer(request: BranchRequest): Answer | Promise<Answer>;
}

interface GetParamsDeps {
  readonly projects: ReadonlyMap<string, Project>;
  readonly answers: AnswerSource;
  readonly accessLog: AccessLog;
  readonly now: Clock;
}

/** @returns the route's handler; it throws ApiError, which the error handler translates */
export function createGetParams({ projects, answers, accessLog, now }: GetParamsDeps) {
  const parse = createMemoizedParser(projects);

  function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): void {
    if (answer.kind === 'failed') throw new ApiError(answer.code, answer.message);
    const { kind, freshness, because, asOf, body } = answer;
    // If the clock was set back, the age would be negative, which RFC 9111 (section 5.1) does not allow.
    const age = Math.max(0, Math.floor((now() - asOf) / 1000));
    void reply
      .header('content-type', 'application/json; charset=utf-8')
      .header('greenpin-freshness', freshness)
      .header('age', age)
      .send(body);
    accessLog.answered(request, { kind, freshness, age, because });
  }

  return function getParams(
    request: FastifyRequest<{ Body: Buffer | undefined }>,
    reply: FastifyReply,
  ): void | Promise<void> {
    request.branchRequest = parse(request.body);
    const answer = answers.answer(request.branchRequest);
    return answer instanceof Promise
      ? answer.then((settled) => send(request, reply, settled))
      : send(request, reply, answer);
  };
}
