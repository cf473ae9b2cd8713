/** One request to GitHub through Octokit, which knows its routes, encoding and headers. */
import { Octokit } from '@octokit/rest';
import { Headers, Response } from 'undici';
import { UpstreamError } from '../../errors.ts';
import type { BoundedFetch } from '../../upstream/bounded-fetch.ts';
import { parseBoundedJson } from '../../upstream/bounded-json.ts';
import { malformedError } from '../../upstream/failures.ts';

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

/** More of an answer that says no is not looked at. */
const LONGEST_REASON = 65_536;

/** What GitHub's own clock said when it answered, milliseconds since the epoch; undefined: it did not tell. */
export function clockOf({ headers }: Pick<GitHubAnswer, 'headers'>): number | undefined {
  const time = Date.parse(headers['date'] ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** @param url of the API: `https://api.github.com`, `https://HOST/api/v3`; a trailing slash is tolerated */
export function createGitHubSend(url: string, fetch: BoundedFetch): GitHubSend {
  const { host } = new URL(url);
  const octokit = new Octokit({
    baseUrl: url.replace(/\/+$/, ''),
    userAgent: 'greenpin',
    // Octokit's plugin-request-log writes each failure to the console.
    log: SILENT,
    request: { log: SILENT },
  });
  return async ({ method, path, parameters, authorization, validator, signal }) => {
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(validator === undefined ? {} : { 'if-none-match': validator }),
    };
    let isJson = false;
    // Octokit would parse whatever comes, numbers of a million digits too: it is given texts only.
    async function fetchText(...[target, request]: Parameters<BoundedFetch>): Promise<Response> {
      const response = await fetch(target, request);
      isJson = JSON_TYPE.test(response.headers.get('content-type') ?? '');
      const { status, statusText } = response;
      const plain = new Headers([...response.headers]);
      plain.set('content-type', 'text/plain');
      return new Response(response.body, { status, statusText, headers: plain });
    }
    const request = { method, url: path, ...parameters, headers, request: { signal, fetch: fetchText } };
    const { data, ...answer } = await octokit.request<unknown>(request).then(
      ({ status, headers: answered, data: text }) => ({ status, headers: texts(answered), data: text }),
      (error: unknown) => answerOf(error, host),
    );
    return { ...answer, data: isJson ? parseBody(data, answer.status, host) : data };
  };
}

const JSON_TYPE = /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** @returns a text that is no JSON as it is */
function parseBody(data: unknown, status: number, host: string): unknown {
  if (typeof data !== 'string') return data;
  const failed = status >= 400;
  if (failed && data.length > LONGEST_REASON) return '';
  try {
    return parseBoundedJson(data);
  } catch (error) {
    if (error instanceof SyntaxError || failed) return data;
    throw malformedError(host, 'numbers or nesting that no answer of GitHub has', error);
  }
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
