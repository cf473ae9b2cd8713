/** GitHub's part of a CI connection: headers, quota and failures. */
import type { SecretReader } from '../../secrets/secret.ts';
import { createJsonApi, type ApiResponse } from '../../upstream/json-api.ts';
import { CiClient, type QuotaReading } from '../client.ts';
import { createTokenAuthorizer } from '../authorizer.ts';
import type { CiDeps } from '../kind.ts';
import { createAppAuthorizer, type GitHubAppAuth } from './app.ts';
import { describeGitHubFailure, untilReset } from './failure.ts';

/** The secrets of a connection, behind readers. */
export type GitHubAuth =
  { readonly kind: 'none' } | { readonly kind: 'token'; readonly read: SecretReader } | GitHubAppAuth;

export interface GitHubConnection {
  /** In the configuration. */
  readonly name: string;
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  readonly url: string;
  readonly auth: GitHubAuth;
}

const HEADERS = { accept: 'application/vnd.github+json' };

export function createGitHubClient({ name, url, auth }: GitHubConnection, deps: CiDeps): CiClient {
  const { host } = new URL(url);
  const send = createJsonApi(url, HEADERS, deps);
  const authorizer =
    auth.kind === 'app'
      ? createAppAuthorizer(auth, { ...deps, send, host, connection: name })
      : createTokenAuthorizer(auth.kind === 'token' ? auth.read : undefined, 'Bearer', {
          host,
          connection: name,
        });
  const describeFailure = describeGitHubFailure;
  return new CiClient({ ...deps, name, host, send, authorizer, describeFailure, readQuota });
}

function readQuota(response: ApiResponse, now: number): QuotaReading | undefined {
  const { headers } = response;
  const remaining = Number(headers['x-ratelimit-remaining'] ?? Number.NaN);
  const limit = Number(headers['x-ratelimit-limit'] ?? Number.NaN);
  if (!Number.isSafeInteger(remaining) || !Number.isSafeInteger(limit)) return undefined;
  const wait = untilReset(response, now);
  return { remaining, limit, resetsAt: wait === undefined ? Infinity : now + wait };
}
