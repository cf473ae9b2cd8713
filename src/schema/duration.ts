/** Parses durations of the configuration: `500ms`, `15s`, `5m`, `24h`, `30d`. Pure. */

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** At most six digits, so that the longest duration is still an exact number of milliseconds. */
export const DURATION_PATTERN = /^([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)$/;

export const DURATION_EXPECTED = 'a duration with its unit (ms, s, m, h or d), for example 15s';

/**
 * @param text an amount, decimals allowed, and a unit: `1.5h`
 * @returns whole milliseconds
 * @throws Error with a message that says what was found and what is expected
 */
export function parseDuration(text: string): number {
  const [, amount, unit] = DURATION_PATTERN.exec(text) ?? [];
  if (unit === undefined) throw new Error(`found ${JSON.stringify(text)}, expected ${DURATION_EXPECTED}`);
  return Math.round(Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS]);
}
