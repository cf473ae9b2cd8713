/** How a project names its Jenkins job and events. */
import { z } from 'zod';
import { text } from '../../schema/fields.ts';
import { suggest } from '../../text/suggest.ts';
import type { ProjectKeys } from '../kind.ts';
import { gitHostRepository } from '../project-fields.ts';

/** Jenkins names no events. These are the kinds of jobs below a multibranch pipeline; tags never count. */
const EVENTS = ['branch', 'pull_request'];

const event = z.enum(EVENTS, {
  error: ({ input }) => {
    const nearest = typeof input === 'string' ? suggest(input, EVENTS) : undefined;
    const expected = 'branch or pull_request';
    return nearest === undefined ? expected : `${expected}; did you mean ${nearest}?`;
  },
});

/** No part consists of dots alone, since each is part of a URL's path. */
const PATTERN =
  /^(?!job\/)\.*[^\s/?#\\:*"<>|.][^\s/?#\\:*"<>|]*(?:\/\.*[^\s/?#\\:*"<>|.][^\s/?#\\:*"<>|]*)*$/;

const workflow = text(
  PATTERN,
  'the full name of the multibranch pipeline, folders first, for example acme/shop (a blank as %20)',
  (found) => {
    const path = found.replace(/^https?:\/\/[^/]+(?:\/(?!job\/)[^/]+)*/, '').replace(/^\/+|\/+$/g, '');
    const meant = path
      .replaceAll(/(?:^|\/)job\//g, '/')
      .replace(/^\//, '')
      .replaceAll(' ', '%20');
    return meant !== found && PATTERN.test(meant) ? meant : undefined;
  },
);

export const jenkinsProjectKeys: ProjectKeys = {
  repository: gitHostRepository,
  workflow,
  runsBelongTo: 'workflows',
  // Numbers and places are compared within one pipeline.
  mostWorkflows: 1,
  event,
  defaultEvents: ['branch', 'pull_request'],
};
