/** How a project names its GitHub repository, workflows and events. */
import { text } from '../../schema/fields.ts';
import type { ProjectKeys } from '../kind.ts';
import { eventName } from '../project-fields.ts';

/** https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows */
const EVENTS = (
  'push pull_request pull_request_target workflow_dispatch schedule merge_group repository_dispatch release create delete ' +
  'deployment deployment_status check_run check_suite status issue_comment issues label milestone discussion discussion_comment ' +
  'pull_request_review pull_request_review_comment registry_package branch_protection_rule fork gollum page_build public watch dynamic'
).split(' ');

/**
 * GitHub files these runs under the newest commit of the default branch, whatever the run that triggered them
 * has built (https://docs.github.com/actions/reference/events-that-trigger-workflows#workflow_run), and does
 * not say which run that was.
 */
const REFUSED = {
  workflow_run:
    "another event: a run on workflow_run bears the default branch's newest commit, not the one whose image it pushes; count only the workflow that triggers it (docs/how-to/workflow-run.md)",
};

const event = eventName(EVENTS, 'of GitHub Actions', 'push or pull_request', REFUSED);

const workflow = text(
  /^\.github\/workflows\/[\w .@+-]+\.ya?ml$/,
  'the path of a workflow, for example .github/workflows/build.yml',
  (found) => {
    const file = /(?:^|\/)([\w.-]+\.ya?ml)(?:@.*)?$/.exec(found)?.[1];
    return file === undefined ? undefined : `.github/workflows/${file}`;
  },
);

/** Excludes `.` and `..`, since it is part of a URL's path. GitHub forbids names that end in `.git`. */
const REPOSITORY_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]*\/(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}$/;

const repository = text(REPOSITORY_PATTERN, 'OWNER/NAME, for example acme/shop', (found) => {
  const meant = /^(?:[a-z+]+:\/\/[^/]+\/|git@[^:/]+:)?([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(found)?.[1];
  return meant !== undefined && REPOSITORY_PATTERN.test(meant) ? meant : undefined;
});

export const githubProjectKeys: ProjectKeys = {
  repository,
  workflow,
  event,
  defaultEvents: ['push', 'pull_request'],
};
