/** One request to GitHub through Octokit, which knows its routes, encoding and headers. */
import { Octokit } from '@octokit/rest';
import { UpstreamError } from '../errors.ts';
import type { BoundedFetch } from './bounded-fetch.ts';
import { malformedError } from './network-failure.ts';

export interface GitHubRequest {
  readonly method: 'GET' | 'POST';
  /** Path below the API's url, with variables: `/repos/{owner}/{repo}`. */
  readonly path: string;
  /** Fill the path's variables; what is left becomes the query. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** Value of the Authorization header; undefined: anonymous. */
  readonly authorization?: string | undefined;
  /** Makes the request conditional (ETag). */
  readonly validator?: string | undefined;
  readonly signal: AbortSignal;
}

/** Any HTTP answer, whatever its status. */
export interface GitHubAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON; text where it was none. */
  readonly data: unknown;
}

/** Throws UpstreamError only when no whole answer came. */
export type GitHubSend = (request: GitHubRequest) => Promise<GitHubAnswer>;

const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}

/** @param url of the API: `https://api.github.com`, `https://HOST/api/v3`; a trailing slash is tolerated */
export function createGitHubSend(url: string, fetch: BoundedFetch): GitHubSend {
  const { host } = new URL(url);
  const octokit = new Octokit({
    baseUrl: url.replace(/\/+$/, ''),
    userAgent: 'greenpin',
    // Octokit's plugin-request-log writes each failure to the console.
    log: SILENT,
    request: { fetch, log: SILENT },
  });
  return async ({ method, path, parameters, authorization, validator, signal }) => {
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(validator === undefined ? {} : { 'if-none-match': validator }),
    };
    try {
      const {
        status,
        headers: answered,
        data,
      } = await octokit.request<unknown>({
        method,
        url: path,
        ...parameters,
        headers,
        request: { signal },
      });
      return { status, headers: texts(answered), data };
    } catch (error) {
      return answerOf(error, host);
    }
  };
}

/** Octokit throws for 304 and for every status from 400; what `fetch` threw is its error's cause. */
function answerOf(error: unknown, host: string): GitHubAnswer {
  if (error instanceof Error && error.cause instanceof UpstreamError) throw error.cause;
  if (error instanceof Error && 'response' in error && isAnswer(error.response)) {
    const { status, headers, data } = error.response;
    return { status, headers: texts(headers), data };
  }
  throw malformedError(host, 'something that cannot be read', error);
}

function isAnswer(value: unknown): value is { status: number; headers: object; data: unknown } {
  return typeof value === 'object' && value !== null && 'status' in value && 'headers' in value;
}

function texts(headers: object): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value === undefined ? undefined : String(value)]),
  );
}
