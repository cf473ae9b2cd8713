/** `Retry-After` (RFC 9110, 10.2.3: whole seconds, or a date). Pure. */
import { headerValue, type HttpResponse } from './http-client.ts';

const SECOND = 1000;

/** A host that allows retries at once would be called in a tight loop. */
const SHORTEST_MS = SECOND;
/** One absurd header must not silence a host for longer than this; then a single call probes it. */
const LONGEST_MS = 300_000;

const DELAY = /^[+-]?\d+(?:\.\d+)?$/;
/** The three forms of RFC 9110, 5.6.7, each of which begins with the day of the week, and RFC 3339. */
const DATE = /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? |\d{4}-\d\d-\d\d[T ])/i;
/** The asctime form names no zone: it is in UTC, but `Date.parse` would assume the local one. */
const WITHOUT_ZONE = /^[a-z]{3} [a-z]{3} [\d ]\d [\d:]{8} \d{4}$/i;

/**
 * @param headers of the response, by lower-case name
 * @param now when the response arrived, milliseconds since the epoch. A date is relative to the server's own
 *   clock (`Date`), if sent
 * @returns milliseconds from then, between one second and five minutes; undefined if the header is missing or
 *   unusable
 */
export function parseRetryAfter(headers: HttpResponse['headers'], now: number): number | undefined {
  const text = headerValue({ headers }, 'retry-after')?.trim() ?? '';
  if (DELAY.test(text)) return clamp(Number(text) * SECOND);
  if (!DATE.test(text)) return undefined;
  const moment = Date.parse(WITHOUT_ZONE.test(text) ? `${text} GMT` : text);
  return Number.isNaN(moment) ? undefined : clamp(moment - (parseDate(headers) ?? now));
}

/** @returns the server's clock, milliseconds since the epoch; undefined if the header is missing */
export function parseDate(headers: HttpResponse['headers']): number | undefined {
  const time = Date.parse(headerValue({ headers }, 'date') ?? '');
  return Number.isNaN(time) ? undefined : time;
}

function clamp(ms: number): number {
  return Math.min(Math.max(ms, SHORTEST_MS), LONGEST_MS);
}
