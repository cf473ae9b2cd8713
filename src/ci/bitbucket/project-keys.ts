/** How a project names its repository, pipelines and events of Bitbucket Cloud. */
import { z } from 'zod';
import { text } from '../../schema/fields.ts';
import { suggest } from '../../text/suggest.ts';
import type { ProjectKeys } from '../kind.ts';

const EVENTS = ['push', 'pull_request', 'manual', 'schedule', 'parent'];

const event = z.enum(EVENTS, {
  error: ({ input }) => {
    const nearest = typeof input === 'string' ? suggest(input, EVENTS) : undefined;
    const expected =
      'an event of Bitbucket Pipelines, one of push, pull_request, manual, schedule and parent';
    return nearest === undefined ? expected : `${expected}; did you mean ${nearest}?`;
  },
});

/** The sections of bitbucket-pipelines.yml. Pipelines of tags never count. */
const WORKFLOW = /^(?:default|(?:branches|pull-requests|custom):\S(?:.{0,200}\S)?)$/;

const workflow = text(
  WORKFLOW,
  'a section of bitbucket-pipelines.yml: default, branches:PATTERN, pull-requests:PATTERN or custom:NAME',
  (found) => {
    const [, section = '', name] = /^(?:([\w-]+):)?\s*(.+)$/.exec(found) ?? [];
    if (name === undefined || /ya?ml$/.test(name)) return undefined;
    const nearest = section === '' ? 'branches' : suggest(section, ['branches', 'pull-requests', 'custom']);
    return nearest === undefined ? undefined : `${nearest}:${name}`;
  },
);

/** Excludes `.` and `..`, since it is part of a URL's path. */
const REPOSITORY = /^[A-Za-z0-9_-]+\/(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}$/;

const repository = text(REPOSITORY, 'WORKSPACE/NAME, for example acme/shop', (found) => {
  const meant = /^(?:[a-z+]+:\/\/[^/]+\/|git@[^:/]+:)?([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(found)?.[1];
  return meant !== undefined && REPOSITORY.test(meant) ? meant : undefined;
});

export const bitbucketProjectKeys: ProjectKeys = {
  repository,
  workflow,
  event,
  defaultEvents: ['push', 'pull_request'],
};
