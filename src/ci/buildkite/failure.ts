/** Buildkite's own failures and quota: https://buildkite.com/docs/apis/rest-api/rate-limits. Pure. */
import type { UpstreamFailure } from '../../errors.ts';
import type { ApiResponse } from '../../upstream/json-api.ts';
import type { QuotaReading } from '../client.ts';
import { type CallContext, describeStatus, isPage } from '../failure.ts';

const SECOND = 1000;

/** The prefixes of two sets of headers: of the organization's limit, and of the token's user. */
const LIMITS = ['ratelimit', 'ratelimit-user'];

/** @param now milliseconds since the epoch, when the response came */
export function describeBuildkiteFailure(
  response: ApiResponse,
  call: CallContext,
  now: number,
): UpstreamFailure {
  const { host, connection, what, permission } = call;
  if (response.status === 404 && !isPage(response)) {
    const message =
      `${host} does not know ${what}, or hides it from connection "${connection}": check workflows, and ` +
      `that the token may read the organization (${permission})`;
    return { kind: 'not_found', host, message };
  }
  const failure = describeStatus(response, call, now);
  if (failure.kind !== 'rate_limited' || response.headers['retry-after'] !== undefined) return failure;
  const waits = readLimits(response, now).flatMap(({ remaining, resetsAt }) =>
    remaining === 0 && Number.isFinite(resetsAt) ? [Math.max(resetsAt - now, SECOND)] : [],
  );
  return waits.length === 0 ? failure : { ...failure, retryAfterMs: Math.max(...waits) };
}

/** @returns the limit that ends first; undefined if the response names none */
export function readBuildkiteQuota(response: ApiResponse, now: number): QuotaReading | undefined {
  const [first] = readLimits(response, now).toSorted((a, b) => share(a) - share(b));
  return first;
}

function share({ remaining, limit }: QuotaReading): number {
  return remaining / Math.max(limit, 1);
}

function readLimits({ headers }: ApiResponse, now: number): QuotaReading[] {
  return LIMITS.flatMap((prefix) => {
    const [remaining, limit, reset] = ['remaining', 'limit', 'reset'].map((name) =>
      Number(headers[`${prefix}-${name}`] ?? Number.NaN),
    );
    if (!isCount(remaining) || !isCount(limit)) return [];
    return [{ remaining, limit, resetsAt: isCount(reset) ? now + reset * SECOND : Infinity }];
  });
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0;
}
