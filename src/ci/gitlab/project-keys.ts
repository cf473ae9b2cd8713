/** How a project names its GitLab project and its pipelines' sources. */
import { z } from 'zod';
import { text } from '../../schema/fields.ts';
import { suggest } from '../../text/suggest.ts';
import type { ProjectKeys } from '../kind.ts';

/** https://docs.gitlab.com/ci/jobs/job_rules/#ci_pipeline_source-predefined-variable, and the API's own words */
const SOURCES = (
  'push web merge_request_event schedule api trigger pipeline external external_pull_request_event chat webide ' +
  'parent_pipeline ondemand_dast_scan ondemand_dast_validation security_orchestration_policy ' +
  'pipeline_execution_policy_schedule container_registry_push duo_workflow'
).split(' ');

/** Words of other CI systems. */
const MEANT: Readonly<Record<string, string>> = {
  pull_request: 'merge_request_event',
  merge_request: 'merge_request_event',
  workflow_dispatch: 'web',
  manual: 'web',
};

const event = z.enum(SOURCES, {
  error: ({ input }) => {
    const meant = typeof input === 'string' ? (MEANT[input] ?? suggest(input, SOURCES)) : undefined;
    const expected = 'the source of a GitLab pipeline, for example push or merge_request_event';
    return meant === undefined ? expected : `${expected}; did you mean ${meant}?`;
  },
});

/**
 * https://docs.gitlab.com/user/reserved_names/: no part ends in `.git`, `.atom` or a dot. That excludes `.` and
 * `..`, too, since the path is part of a URL's path.
 */
const REPOSITORY_PATTERN =
  /^(?!.*(?:\.git|\.atom|\.)(?:\/|$))(?:[A-Za-z0-9_.][A-Za-z0-9_.-]*\/)+[A-Za-z0-9_.][A-Za-z0-9_.-]*$/;

const repository = text(
  REPOSITORY_PATTERN,
  'the path of a GitLab project, GROUP/NAME or GROUP/SUBGROUP/NAME, for example acme/web/shop',
  (found) => {
    const path = /^(?:[a-z+]+:\/\/[^/]+\/|git@[^:/]+:)?(.+?)(?:\/-\/.*)?(?:\.git)?\/?$/.exec(found)?.[1];
    return path !== undefined && path !== found && REPOSITORY_PATTERN.test(path) ? path : undefined;
  },
);

export const gitlabProjectKeys: ProjectKeys = {
  repository,
  workflow: 'none',
  event,
  defaultEvents: ['push', 'web', 'merge_request_event'],
};
