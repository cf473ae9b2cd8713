/** How a project names its Woodpecker repository and events. */
import { z } from 'zod';
import { text } from '../../schema/fields.ts';
import { suggest } from '../../text/suggest.ts';
import type { ProjectKeys } from '../kind.ts';

/** https://woodpecker-ci.org/docs/usage/terminology#pipeline-events */
const EVENTS =
  'push pull_request manual cron tag release deployment pull_request_closed pull_request_metadata'.split(' ');

const event = z.enum(EVENTS, {
  error: ({ input }) => {
    const nearest = typeof input === 'string' ? suggest(input, EVENTS) : undefined;
    const expected = 'an event of Woodpecker, for example push, pull_request or manual';
    return nearest === undefined ? expected : `${expected}; did you mean ${nearest}?`;
  },
});

/** No part consists of dots alone, since each is part of a URL's path. */
const PATTERN = /^\.*[\w~-][\w.~-]*(?:\/\.*[\w~-][\w.~-]*)+$/;

const repository = text(PATTERN, 'OWNER/NAME as Woodpecker shows it, for example acme/shop', (found) => {
  const meant = /^(?:[a-z+]+:\/\/[^/]+\/|git@[^:/]+:)([^\s]+?)(?:\.git)?\/?$/.exec(found)?.[1];
  return meant !== undefined && PATTERN.test(meant) ? meant : undefined;
});

export const woodpeckerProjectKeys: ProjectKeys = {
  repository,
  workflow: 'none',
  event,
  defaultEvents: ['push', 'pull_request', 'manual'],
};
