/** Azure DevOps' own failures: sign-in pages, old servers, hidden projects. Pure. */
import type { UpstreamFailure } from '../../errors.ts';
import type { ApiResponse } from '../../upstream/json-api.ts';
import { type CallContext, describeStatus, isPage } from '../failure.ts';

/** Azure DevOps Server 2020 serves this version, and so do all newer ones and dev.azure.com. */
export const API_VERSION = '6.0';

const SIGN_IN_HOST = 'login.microsoftonline.com';

/** A redirect that the API answers with in place of 401 (microsoft/azure-devops-auth-samples#52). */
export function isSignInUrl({ hostname, pathname }: URL): boolean {
  return /(?:^|\/)_signin$/i.test(pathname) || hostname === SIGN_IN_HOST;
}

/**
 * Without a valid token, the API redirects to its sign-in page, or answers with the page and the status 203;
 * behind some proxies, with 200 (MicrosoftDocs/vsts-rest-api-specs#97).
 */
export function isSignInPage({ status, headers, data }: ApiResponse): boolean {
  // All other redirects were followed.
  if (status >= 300 && status < 400) return headers['location'] !== undefined;
  if (typeof data !== 'string') return false;
  return status === 203 || (status === 200 && /<title>[^<]*\bSign In\b/i.test(data));
}

/** @param now milliseconds since the epoch, when the response came */
export function describeAzureDevOpsFailure(
  response: ApiResponse,
  call: CallContext,
  now: number,
): UpstreamFailure {
  const { host, connection, what } = call;
  if (isSignInPage(response)) return { kind: 'denied', host, message: describeSignIn(call) };
  if (response.status === 400 && typeKeyOf(response.data) === 'VssVersionOutOfRangeException') {
    const message = `${host} is too old: connection "${connection}" needs Azure DevOps Server 2020 or newer`;
    return { kind: 'malformed', host, message, trouble: 'server' };
  }
  if (response.status === 404 && isPage(response)) {
    const message =
      `${host} has no API for ${what}: check the organization or collection in the project's repository, ` +
      `and that the url of connection "${connection}" names neither`;
    return { kind: 'not_found', host, message };
  }
  return describeStatus(response, call, now);
}

function describeSignIn({ host, connection, anonymous }: CallContext): string {
  return anonymous
    ? `${host} answers with its sign-in page: give connection "${connection}" a token`
    : `${host} answers with its sign-in page: the token of connection "${connection}" is wrong, ` +
        'expired or revoked, or is not for this organization';
}

/** The name of the server's exception, as in `{"$id":"1","message":"TF...","typeKey":"..."}`. */
function typeKeyOf(data: unknown): string {
  if (typeof data !== 'object' || data === null || !('typeKey' in data)) return '';
  return typeof data.typeKey === 'string' ? data.typeKey : '';
}
