/** Explains a list of runs that is not there, by the server's version. */
import { z } from 'zod';
import { UpstreamError } from '../../errors.ts';
import { malformed } from '../../upstream/failures.ts';
import type { CiClient } from '../client.ts';
import type { Dialect } from './dialect.ts';
import { PERMISSION } from './failure.ts';

const versionSchema = z.object({ version: z.string() });

/**
 * @returns a failure that names the cause, if the version is one; undefined if the server does not say or the
 *   version is no reason
 */
export async function explainMissingRuns(
  client: CiClient,
  dialect: Dialect,
): Promise<UpstreamError | undefined> {
  const request = { path: '/version', what: 'its version', permission: PERMISSION };
  try {
    const { data } = await client.get(request);
    const found = versionSchema.safeParse(data).data?.version;
    return found === undefined ? undefined : judgeVersion(found, dialect, client.host);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error.failure.kind !== 'not_found') return undefined;
    const message = `${client.host} has no ${dialect.api} API at the connection's url; check its path`;
    return malformed(client.host, message, undefined, error);
  }
}

/** @param version `1.26.0`, or Forgejo's `15.0.1+gitea-1.22.0` */
export function judgeVersion(version: string, dialect: Dialect, host: string): UpstreamError | undefined {
  const kind = version.includes('+gitea-') ? 'forgejo' : 'gitea';
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (kind !== dialect.kind) {
    const name = kind === 'gitea' ? 'Gitea' : 'Forgejo';
    return malformed(host, `${host} runs ${name}: set the connection's kind to ${kind}`);
  }
  if (major === undefined || minor === undefined) return undefined;
  const [sinceMajor, sinceMinor] = dialect.since;
  const isOlder = Number(major) - sinceMajor || Number(minor) - sinceMinor;
  if (isOlder >= 0) return undefined;
  const message = `${host} runs ${dialect.api} ${major}.${minor}, which cannot list workflow runs; upgrade it to ${sinceMajor}.${sinceMinor} or later`;
  return malformed(host, message);
}
