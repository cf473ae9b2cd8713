/** Explains a list of runs that is not there, by the server's version. */
import { z } from 'zod';
import { UpstreamError } from '../../errors.ts';
import { malformed } from '../../upstream/failures.ts';
import type { CiClient } from '../client.ts';
import type { Dialect } from './dialect.ts';
import { PERMISSION } from './failure.ts';
import { describeWrongKind } from './wrong-kind.ts';

const versionSchema = z.object({ version: z.string() });

/**
 * @param missing the failure of a list of runs that does not exist
 * @returns a failure that names the cause, if the server's version shows one
 */
export async function explainMissingRuns(
  client: CiClient,
  dialect: Dialect,
  missing: UpstreamError,
): Promise<UpstreamError> {
  const request = { path: '/version', what: 'its version', permission: PERMISSION };
  try {
    const { data } = await client.get(request);
    const version = versionSchema.safeParse(data).data?.version;
    const message = version === undefined ? undefined : judgeVersion(version, dialect, client.host);
    return message === undefined ? missing : malformed(client.host, message, 'server');
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    // A page in place of the list has been described already.
    if (error.failure.kind !== 'not_found' || missing.failure.kind !== 'not_found') return missing;
    const message = `${client.host} has no ${dialect.api} API at the connection's url; check its path`;
    return new UpstreamError({ ...missing.failure, message });
  }
}

/**
 * @param version `1.26.0`, or Forgejo's `15.0.1+gitea-1.22.0`
 * @returns why there is no list of runs; undefined if the version is no reason
 */
export function judgeVersion(version: string, dialect: Dialect, host: string): string | undefined {
  const kind = version.includes('+gitea-') ? 'forgejo' : 'gitea';
  if (kind !== dialect.kind) return describeWrongKind(kind, host);
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  const [sinceMajor, sinceMinor] = dialect.since;
  const isOlder = Number(major) < sinceMajor || (Number(major) === sinceMajor && Number(minor) < sinceMinor);
  return isOlder
    ? `${host} runs ${dialect.api} ${major}.${minor}, which cannot list workflow runs; upgrade it to ${sinceMajor}.${sinceMinor} or later`
    : undefined;
}
