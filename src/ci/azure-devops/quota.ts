/** What Azure DevOps says about its limits. Pure. */
import type { ApiResponse } from '../../upstream/json-api.ts';
import { parseDate, parseRetryAfter } from '../../upstream/retry-after.ts';
import type { QuotaReading } from '../client.ts';

const SECOND = 1000;
/** A user's throughput units (TSTU) in the sliding window, if a response does not say. */
const USUAL_LIMIT = 200;
/** The window is five minutes long, and delays end within as much again. A later reset is implausible. */
const LONGEST_MS = 600 * SECOND;

/**
 * The headers come only near the limit. `Retry-After` comes with a delayed answer (200), too, and means that
 * nothing is left until then. A unit of load counts as a call
 * (https://learn.microsoft.com/azure/devops/integrate/concepts/rate-limits#api-client-experience).
 * @returns undefined if the response does not say
 */
export function readAzureDevOpsQuota(
  { status, headers }: ApiResponse,
  now: number,
): QuotaReading | undefined {
  const limit = readUnits(headers['x-ratelimit-limit']);
  const remaining = readUnits(headers['x-ratelimit-remaining']);
  // An outage has the header, too.
  const retryAfter = status === 200 || status === 429 ? parseRetryAfter(headers, now) : undefined;
  if (retryAfter !== undefined) {
    return { remaining: 0, limit: limit ?? USUAL_LIMIT, resetsAt: now + retryAfter };
  }
  if (limit === undefined || remaining === undefined) return undefined;
  return { remaining, limit, resetsAt: now + untilReset(headers, now) };
}

function readUnits(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}(?:\.\d+)?$/.test(text) ? Math.floor(Number(text)) : undefined;
}

/** `X-RateLimit-Reset` is in seconds by the server's clock, which `Date` shows. */
function untilReset(headers: ApiResponse['headers'], now: number): number {
  const reset = headers['x-ratelimit-reset'] ?? '';
  const wait = /^\d{1,12}$/.test(reset) ? Number(reset) * SECOND - (parseDate(headers) ?? now) : LONGEST_MS;
  return Math.min(Math.max(wait, 0), LONGEST_MS);
}
