/** A connection to GitHub: one credential, one quota, one deadline for each call. */
import { Agent } from 'undici';
import { UpstreamError } from '../../errors.ts';
import { createBoundedFetch } from '../../upstream/bounded-fetch.ts';
import { withDeadline } from '../../resilience/deadline.ts';
import type { CiDeps } from '../deps.ts';
import { createGitHubAuthorizer, type GitHubAuth } from './auth.ts';
import { failureOf, untilReset } from './failure.ts';
import { createGitHubSend, type GitHubAnswer, type GitHubRequest } from './request.ts';
import { RateLimitBreaker } from '../ci-breaker.ts';
import type { UpstreamObserver } from '../../upstream/observer.ts';
import { timeoutError } from '../../upstream/failures.ts';

/** A connection of the configuration (design §3), its secrets behind readers. */
export interface GitHubConnection {
  readonly name: string;
  readonly kind: 'github';
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  readonly url: string;
  readonly auth: GitHubAuth;
}

/** One GET, and its words for a message. */
export interface GitHubQuestion extends Pick<GitHubRequest, 'path' | 'parameters' | 'validator'> {
  /** `the workflow runs of acme/shop` */
  readonly what: string;
  /** The permission that it takes: `Actions: read`. */
  readonly permission: string;
}

export interface GitHubClient {
  readonly host: string;
  readonly anonymous: boolean;
  /**
   * @returns an answer with status 200, or with 304 if the question has a validator
   * @throws UpstreamError
   */
  get(question: GitHubQuestion): Promise<GitHubAnswer>;
  /** As in `CiProvider`. */
  readonly generation: () => number;
}

/** Under GitHub's limit of 100 concurrent requests (a secondary rate limit). */
const CONNECTIONS = 64;

export function createGitHubClient(connection: GitHubConnection, deps: CiDeps): GitHubClient {
  const { now, timeoutMs, observer } = deps;
  const { host } = new URL(connection.url);
  const anonymous = connection.auth.kind === 'none';
  const dispatcher = deps.dispatcher ?? createAgent(timeoutMs);
  const send = createGitHubSend(connection.url, createBoundedFetch({ dispatcher, observer }));
  const authDeps = { now, timeoutMs, send, host, connection: connection.name };
  const authorizer = createGitHubAuthorizer(connection.auth, authDeps);
  const breaker = new RateLimitBreaker(now);

  async function ask({ path, parameters, validator }: GitHubQuestion): Promise<GitHubAnswer> {
    return withDeadline(
      timeoutMs,
      () => timeoutError(host),
      async (signal) => {
        const authorization = await authorizer.authorize();
        return send({ method: 'GET', path, parameters, validator, authorization, signal });
      },
    );
  }

  async function askChecked(question: GitHubQuestion): Promise<GitHubAnswer> {
    const answer = await ask(question);
    tellQuota(answer, connection.name, observer, now());
    if (answer.status === 200 || (answer.status === 304 && question.validator !== undefined)) return answer;
    if (answer.status === 401) authorizer.forget();
    const { what, permission } = question;
    const asked = { host, connection: connection.name, anonymous, what, permission };
    throw new UpstreamError(failureOf(answer, asked, now()));
  }

  return {
    host,
    anonymous,
    generation: () => authorizer.generation(),
    get: (question) => breaker.run(() => askChecked(question)),
  };
}

function tellQuota(answer: GitHubAnswer, connection: string, observer: UpstreamObserver, now: number): void {
  const { headers } = answer;
  const remaining = Number(headers['x-ratelimit-remaining'] ?? Number.NaN);
  const limit = Number(headers['x-ratelimit-limit'] ?? Number.NaN);
  if (Number.isSafeInteger(remaining) && Number.isSafeInteger(limit)) {
    const wait = untilReset(answer, now);
    observer.quota(connection, remaining, limit, wait === undefined ? Infinity : now + wait);
  }
}

function createAgent(timeoutMs: number): Agent {
  return new Agent({
    connections: CONNECTIONS,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
}
