/** CircleCI's rate limits: https://circleci.com/docs/guides/toolkit/api-v3-developers-guide/#rate-limits. Pure. */
import type { ApiResponse } from '../../upstream/json-api.ts';
import type { QuotaReading } from '../client.ts';

const SECOND = 1000;

/**
 * Reads each form of the draft: `RateLimit: limit=51, remaining=50, reset=1`; `RateLimit: "api";r=50;t=1`
 * with `RateLimit-Policy: "api";q=51;w=1`; and the three headers of API v2.
 * @returns undefined if the response does not say
 */
export function readCircleciQuota({ headers }: ApiResponse, now: number): QuotaReading | undefined {
  const current = headers['ratelimit'] ?? '';
  const policy = headers['ratelimit-policy'] ?? '';
  const remaining = first(
    [/\bremaining=(\d+)/, current],
    [/;\s*r=(\d+)/, current],
    [WHOLE, headers['ratelimit-remaining']],
  );
  const limit = first(
    [/\blimit=(\d+)/, current],
    [/;\s*q=(\d+)/, policy],
    [/^(\d+)\s*(?:;|,|$)/, policy],
    [WHOLE, headers['ratelimit-limit']],
  );
  const reset = first(
    [/\breset=(\d+)/, current],
    [/;\s*t=(\d+)/, current],
    [WHOLE, headers['ratelimit-reset']],
  );
  if (remaining === undefined || limit === undefined) return undefined;
  return { remaining, limit, resetsAt: reset === undefined ? Infinity : now + reset * SECOND };
}

const WHOLE = /^(\d+)$/;

function first(...places: readonly (readonly [RegExp, string | undefined])[]): number | undefined {
  for (const [form, text = ''] of places) {
    const digits = form.exec(text)?.[1];
    if (digits !== undefined && Number.isSafeInteger(Number(digits))) return Number(digits);
  }
  return undefined;
}
