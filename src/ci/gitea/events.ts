/** Events of Gitea Actions and Forgejo Actions. Pure. */

/** What starts a workflow. https://docs.gitea.com/usage/actions/faq, https://forgejo.org/docs/latest/user/actions/reference/#on */
export const EVENTS = [
  'push',
  'pull_request',
  'pull_request_target',
  'workflow_dispatch',
  'schedule',
  'release',
  'create',
  'delete',
  'fork',
  'issues',
  'issue_comment',
  'pull_request_comment',
  'pull_request_review',
  'pull_request_review_comment',
  'registry_package',
  'gollum',
  'workflow_run',
] as const;

/** Words that only look like activities of `pull_request`. */
const OTHER_EVENTS = /^pull_request_(?:target|comment|review(?!_request$))/;

/**
 * Up to 1.26.0, Gitea's API names its internal event: each push to a pull request is a `pull_request_sync`
 * (`modules/webhook/type.go`).
 * @returns the workflow's event
 */
export function foldEvent(event: string): string {
  const isActivity = event.startsWith('pull_request_') && !OTHER_EVENTS.test(event);
  return isActivity ? 'pull_request' : event;
}
