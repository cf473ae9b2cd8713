/** Bitbucket Cloud's own failures. Pure. */
import type { UpstreamFailure } from '../../errors.ts';
import type { ApiResponse } from '../../upstream/json-api.ts';
import { describeStatus, type CallContext } from '../failure.ts';

/**
 * @param signsIn how the connection signs in: API tokens need a username, access tokens must not have one
 * @returns a translation; `permission` of a call is the scope of an access token: `pipeline`
 */
export function createFailureDescription(signsIn: 'as nobody' | 'as a user' | 'by an access token') {
  return (response: ApiResponse, call: CallContext, now: number): UpstreamFailure => {
    const { host, connection, what } = call;
    const { status } = response;
    if (status === 401 && signsIn !== 'as nobody') {
      const remedy =
        signsIn === 'as a user'
          ? "check username (the account's e-mail address) and the API token"
          : 'an access token may have expired, and an API token needs username as well';
      const message = `${host} does not accept the token of connection "${connection}": ${remedy}`;
      return { kind: 'denied', host, message };
    }
    if (status === 403 && signsIn !== 'as nobody') {
      const message =
        `${host} denies ${what} to connection "${connection}": ` +
        `it needs the scope ${describeScope(call.permission)}`;
      return { kind: 'denied', host, message };
    }
    return describeStatus(response, { ...call, permission: describeScope(call.permission) }, now);
  };
}

/** https://support.atlassian.com/bitbucket-cloud/docs/api-token-permissions/ */
export function describeScope(scope: string): string {
  return `"${scope}" (access token) or "read:${scope}:bitbucket" (API token)`;
}
