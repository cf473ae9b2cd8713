/** CircleCI's own failures. Pure. */
import type { UpstreamFailure } from '../../errors.ts';
import type { ApiResponse } from '../../upstream/json-api.ts';
import { type CallContext, describeStatus, isPage } from '../failure.ts';

/** @param now milliseconds since the epoch, when the response came */
export function describeCircleciFailure(
  response: ApiResponse,
  call: CallContext,
  now: number,
): UpstreamFailure {
  const { host, connection, what } = call;
  if (response.status !== 404 || isPage(response)) return describeStatus(response, call, now);
  return { kind: 'not_found', host, message: describeUnknown(host, connection, what) };
}

/** An unknown slug gives an empty list, whose message is that of a 404. */
export function describeUnknown(host: string, connection: string, what: string): string {
  return (
    `${host} does not know ${what}, or hides it from connection "${connection}": check workflows, that the ` +
    "token's user may see the project, and that a server has API v3"
  );
}
