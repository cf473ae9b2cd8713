/** Keys of a project that several kinds of connections share. */
import { z } from 'zod';
import { text } from '../schema/fields.ts';
import { suggest } from '../text/suggest.ts';

/**
 * The repository of a project whose CI is no Git host: the Git host's name for it, which the kind of the
 * `git` connection checks.
 */
export const gitHostRepository: z.ZodString = text(
  /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w~.-]+(?:\/[\w ~.-]+)+$/,
  "the Git host's name of the repository, for example acme/shop",
);

/**
 * @param whose `of Buildkite`
 * @param example names of the most frequent events
 */
export function eventName(
  events: readonly string[],
  whose: string,
  example: string,
  refused: Readonly<Record<string, string>> = {},
): z.ZodType<string> {
  return z.enum(events, {
    error: ({ input }) => {
      const reason = typeof input === 'string' ? refused[input] : undefined;
      if (reason !== undefined) return reason;
      const nearest = typeof input === 'string' ? suggest(input, events) : undefined;
      const expected = `an event ${whose}, for example ${example}`;
      return nearest === undefined ? expected : `${expected}; did you mean ${nearest}?`;
    },
  });
}
