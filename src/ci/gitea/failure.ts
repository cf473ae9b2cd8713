/** Failures of Gitea and Forgejo. Pure. */
import type { UpstreamFailure } from '../../errors.ts';
import type { ApiResponse } from '../../upstream/json-api.ts';
import { describeStatus, type CallContext } from '../failure.ts';

/** Every call needs this scope of the token. */
export const PERMISSION = 'the scope "read:repository"';

export function describeGiteaFailure(response: ApiResponse, call: CallContext, now: number): UpstreamFailure {
  const { host, connection, what, anonymous } = call;
  const { status, data } = response;
  if (status === 403 && !anonymous) {
    // `token does not have at least one of required scope(s), ...` or, for one of the repository's units,
    // `user should have specific read permission or be a repo admin or a site admin`.
    const reason = messageOf(data).startsWith('token does not have')
      ? `it needs ${PERMISSION}`
      : "its user may not read the repository's code or Actions, or they are switched off";
    return {
      kind: 'denied',
      host,
      message: `${host} denies ${what} to connection "${connection}": ${reason}`,
    };
  }
  return describeStatus(response, call, now);
}

function messageOf(data: unknown): string {
  if (typeof data !== 'object' || data === null || !('message' in data)) return '';
  return typeof data.message === 'string' ? data.message : '';
}
