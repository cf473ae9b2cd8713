/** `Retry-After`, for CI and registries alike (RFC 9110, 10.2.3: whole seconds, or a date). Pure. */

const SECOND = 1000;

/** Who asks to be asked again at once would be asked without end. */
const SHORTEST_MS = SECOND;
/** Whatever is sent: one absurd header must not silence a host for longer than this. Then one call finds out how it is. */
const LONGEST_MS = 300_000;

const DELAY = /^[+-]?\d+(?:\.\d+)?$/;
/** The three forms of RFC 9110, 5.6.7, each of which begins with the day of the week, and what RFC 3339 has. */
const DATE = /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? |\d{4}-\d\d-\d\d[T ])/i;
/** The asctime form, which names no zone: it is in UTC, where `Date.parse` would take our own. */
const WITHOUT_ZONE = /^[a-z]{3} [a-z]{3} [\d ]\d [\d:]{8} \d{4}$/i;

/**
 * @param value the header's value
 * @param now milliseconds since the epoch, when the answer came
 * @returns milliseconds from then on, between one second and five minutes; undefined when the value says nothing
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (DELAY.test(text)) return clamp(Number(text) * SECOND);
  if (!DATE.test(text)) return undefined;
  const moment = Date.parse(WITHOUT_ZONE.test(text) ? `${text} GMT` : text);
  return Number.isNaN(moment) ? undefined : clamp(moment - now);
}

function clamp(ms: number): number {
  return Math.min(Math.max(ms, SHORTEST_MS), LONGEST_MS);
}
