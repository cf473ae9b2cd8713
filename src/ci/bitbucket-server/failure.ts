/** Bitbucket Data Center's own failures. Pure. */
import { z } from 'zod';
import type { UpstreamFailure } from '../../errors.ts';
import type { ApiResponse } from '../../upstream/json-api.ts';
import { describeStatus, type CallContext } from '../failure.ts';

const errorsSchema = z.object({
  errors: z.array(z.object({ exceptionName: z.string().nullish() })),
});

/** @param now milliseconds since the epoch, when the response came */
export function describeBitbucketServerFailure(
  response: ApiResponse,
  call: CallContext,
  now: number,
): UpstreamFailure {
  const { host, connection, anonymous, what, permission } = call;
  const exceptions = exceptionsOf(response);
  // A user who may not read the repository gets 401 as well, with a valid token.
  const isUnauthorized = exceptions?.some((name) => /Authori[sz]ationException$/.test(name)) === true;
  if (response.status === 401 && isUnauthorized && !anonymous) {
    const message =
      `${host} denies ${what} to connection "${connection}": ` +
      `its token is wrong or expired, or lacks ${permission}`;
    return { kind: 'denied', host, message };
  }
  if (response.status === 404 && exceptions === undefined) {
    const message =
      `${host} has no REST API of Bitbucket for ${what}: check the connection's url, ` +
      'which includes the context path, and that the server is Bitbucket 7.14 or newer';
    return { kind: 'malformed', host, message };
  }
  return describeStatus(response, call, now);
}

/** @returns undefined if it is no error of the REST API, for example a proxy's page */
function exceptionsOf({ data }: ApiResponse): readonly string[] | undefined {
  const errors = errorsSchema.safeParse(data).data?.errors;
  return errors?.map(({ exceptionName }) => exceptionName ?? '');
}
