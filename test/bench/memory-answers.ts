/** Where Greenpin's side of the benchmark gets its answers: the real memory of answers, before a core that costs nothing. */
import { AnswerService } from '../../src/answers/answer-service.ts';
import type { AnswerSource } from '../../src/http/argocd/getparams.ts';
import { pinnedSet } from './memory-answer-load.ts';
import { renderParameters } from '../../src/wire/argocd/response.ts';

const HOUR = 3_600_000;

/** @returns a source that answers each branch at once from the second time on */
export function createMemoryAnswers(): AnswerSource {
  return new AnswerService({
    resolve: (request) =>
      Promise.resolve({
        kind: 'answered',
        set: pinnedSet(request.branch),
        freshness: 'fresh',
        asOf: Date.now(),
        because: 'the benchmark says so',
      }),
    recall: () => Promise.resolve({ kind: 'nothing' }),
    isNeverHandedOut: () => Promise.resolve(false),
    patience: HOUR,
    render: renderParameters,
    freshFor: HOUR,
    deadline: HOUR,
    now: Date.now,
    onDefect: (error) => {
      throw error;
    },
  });
}
