/** The quota of Bitbucket Cloud: https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/ */
import type { ApiResponse } from '../../upstream/json-api.ts';
import type { QuotaReading } from '../client.ts';

const MINUTE = 60_000;
const WINDOW_MINUTES = 60;
/** Calls an hour for a user or an access token, and for everyone at one address. */
const LIMIT = 1000;
const ANONYMOUS_LIMIT = 60;
/** `X-RateLimit-NearLimit` is true when less than 20% are left: on average, half of that. */
const SHARE_NEAR_LIMIT = 0.1;

/**
 * Bitbucket never says how many calls are left of the rolling hour, and to API tokens it reports nothing. So
 * our own calls are counted, which others with the same credentials do not see.
 * @returns reads a response; the caller counts each response once
 */
export function createQuotaReader(anonymous: boolean): (response: ApiResponse, now: number) => QuotaReading {
  const calls = new Map<number, number>();
  return ({ headers }, now) => {
    const minute = Math.floor(now / MINUTE);
    calls.set(minute, (calls.get(minute) ?? 0) + 1);
    for (const each of calls.keys()) {
      if (each > minute || each <= minute - WINDOW_MINUTES) calls.delete(each);
    }
    const used = [...calls.values()].reduce((sum, count) => sum + count, 0);
    const reported = Number(headers['x-ratelimit-limit'] ?? Number.NaN);
    const usual = anonymous ? ANONYMOUS_LIMIT : LIMIT;
    const limit = Number.isSafeInteger(reported) && reported > 0 ? reported : usual;
    const isNear = headers['x-ratelimit-nearlimit']?.toLowerCase() === 'true';
    const most = isNear ? Math.floor(limit * SHARE_NEAR_LIMIT) : limit;
    return {
      remaining: Math.max(0, Math.min(limit - used, most)),
      limit,
      resetsAt: now + WINDOW_MINUTES * MINUTE,
    };
  };
}
