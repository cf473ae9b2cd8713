/** The events that start a run. Pure. */

/**
 * The first ones are the values of `pipeline.event.name`
 * (https://circleci.com/docs/reference/variables/#pipeline-values). Runs of some Git hosts have none; the
 * source of their trigger follows (`event_source.type`, where `webhook` is the Git host's). `other` stands
 * for every word that is not listed here.
 */
export const EVENTS = [
  'push',
  'pull_request',
  'api',
  'schedule',
  'custom_webhook',
  'webhook',
  'vcs',
  'other',
];

/** @returns the first word that is an event; `other` if there is none */
export function selectEvent(...words: readonly (string | null | undefined)[]): string {
  return words.find((word) => typeof word === 'string' && EVENTS.includes(word)) ?? 'other';
}
