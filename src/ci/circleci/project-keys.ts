/** How a project names its CircleCI project and events. */
import { text } from '../../schema/fields.ts';
import type { ProjectKeys } from '../kind.ts';
import { eventName, gitHostRepository } from '../project-fields.ts';
import { EVENTS } from './event.ts';

/** https://circleci.com/docs/guides/toolkit/api-developers-guide/#getting-started-with-the-api */
const SLUG = /^(?:gh|github|bb|bitbucket|circleci)\/[^\s/?#]+\/[^\s/?#]+$/;

export const circleciProjectKeys: ProjectKeys = {
  repository: gitHostRepository,
  runsBelongTo: 'workflows',
  workflow: text(
    SLUG,
    'the slug of a project, as its settings show it, for example gh/acme/shop',
    (found) => {
      const path =
        /^(?:https:\/\/)?app\.circleci\.com\/(?:pipelines|settings\/project)\/([^/]+\/[^/]+\/[^/?#]+)/;
      const meant = path.exec(found)?.[1] ?? (/^[\w.-]+\/[\w.-]+$/.test(found) ? `gh/${found}` : '');
      return SLUG.test(meant) ? meant : undefined;
    },
  ),
  missingVariables: { attempt: 'no variable of CircleCI counts the re-runs' },
  event: eventName(EVENTS, 'of CircleCI', 'push or pull_request'),
  defaultEvents: ['push', 'pull_request', 'webhook', 'vcs'],
};
