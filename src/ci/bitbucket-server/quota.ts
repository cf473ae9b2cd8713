/** The token bucket of a user: https://confluence.atlassian.com/bitbucketserver/improving-instance-stability-with-rate-limiting-976171954.html */
import type { ApiResponse } from '../../upstream/json-api.ts';
import type { QuotaReading } from '../client.ts';

const SECOND = 1000;

/** @returns undefined if the server limits no rates */
export function readQuota({ headers }: ApiResponse, now: number): QuotaReading | undefined {
  const [limit, remaining, interval, refill] = [
    'x-ratelimit-limit',
    'x-ratelimit-remaining',
    'x-ratelimit-interval-seconds',
    'x-ratelimit-fillrate',
  ].map((name) => Number(headers[name] ?? Number.NaN));
  if (limit === undefined || remaining === undefined || !(limit > 0) || !(remaining >= 0)) return undefined;
  const seconds = ((limit - remaining) / (refill ?? Number.NaN)) * (interval ?? Number.NaN);
  return { remaining, limit, resetsAt: Number.isFinite(seconds) ? now + seconds * SECOND : Infinity };
}
