/** How a project names its repository, workflows and events at Gitea or Forgejo. */
import { z } from 'zod';
import { text } from '../../schema/fields.ts';
import { suggest } from '../../text/suggest.ts';
import type { ProjectKeys } from '../kind.ts';
import { EVENTS } from './events.ts';

const event = z.enum(EVENTS, {
  error: ({ input }) => {
    const nearest = typeof input === 'string' ? suggest(input, EVENTS) : undefined;
    const expected = 'an event of Actions, for example push or pull_request';
    return nearest === undefined ? expected : `${expected}; did you mean ${nearest}?`;
  },
});

const FILE = /^[\w .@+-]+\.ya?ml$/;

/** The API names the file only, whichever folder it is in. */
const workflow = text(FILE, 'the file name of a workflow, for example build.yml', (found) => {
  const file = found.slice(found.lastIndexOf('/') + 1);
  return FILE.test(file) ? file : undefined;
});

/** Excludes `.` and `..`, since it is part of a URL's path. */
const REPOSITORY = /^(?!\.{1,2}\/)[A-Za-z0-9._-]{1,100}\/(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}$/;

const repository = text(REPOSITORY, 'OWNER/NAME, for example acme/shop', (found) => {
  const meant = /^(?:(?:[a-z+]+:\/\/|git@)[^/:]+(?::\d+)?[/:])?([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(
    found,
  )?.[1];
  return meant !== undefined && REPOSITORY.test(meant) ? meant : undefined;
});

export const giteaProjectKeys: ProjectKeys = {
  repository,
  workflow,
  event,
  defaultEvents: ['push', 'pull_request'],
};
