/** How a project names its Buildkite pipelines and events. */
import { text } from '../../schema/fields.ts';
import type { ProjectKeys } from '../kind.ts';
import { eventName, gitHostRepository } from '../project-fields.ts';

/** A build's `source`: https://buildkite.com/docs/apis/rest-api/builds#build-data-model */
const EVENTS = ['webhook', 'ui', 'api', 'trigger_job', 'schedule'];

/** Slugs have lower-case letters, digits and hyphens. */
const PIPELINE = /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9-]*$/;

export const buildkiteProjectKeys: ProjectKeys = {
  repository: gitHostRepository,
  runsBelongTo: 'workflows',
  workflow: text(PIPELINE, 'a pipeline, ORGANIZATION/PIPELINE, for example acme/shop', (found) => {
    const path = /^(?:https:\/\/)?buildkite\.com\/([\w-]+\/[\w-]+)(?:\/|$)/.exec(found)?.[1];
    const meant = (path ?? found).toLowerCase();
    return PIPELINE.test(meant) ? meant : undefined;
  }),
  missingVariables: {
    build_id: 'Buildkite finds builds by their number only; use {build_number} or {commit}',
    attempt: 'Buildkite counts the retries of jobs, not of builds',
  },
  event: eventName(EVENTS, 'of Buildkite', 'webhook or ui'),
  defaultEvents: ['webhook', 'ui', 'api'],
};
