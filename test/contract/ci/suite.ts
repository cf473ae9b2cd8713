/**
 * The contract of every kind of connection, over HTTP: each port that it provides, and each claim that it
 * makes.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import { describeFaults } from './faults.ts';
import { describeGitHost } from './git-host.ts';
import { describeKind } from './kind.ts';
import { describeListing } from './listing.ts';
import { describePushLog } from './push-log.ts';
import { describeRuns } from './runs.ts';
import { describeStatuses } from './statuses.ts';
import { OPTIONAL_PORTS, type CiUpstream, type OptionalPort } from './upstream.ts';

/**
 * @param ports ports that `createUpstream` provides besides the provider; declared here, because tests are
 *   collected before they run
 * @param options `hasRuns: false` for a Git host without a CI of its own
 */
export function describeConnection(
  name: string,
  ports: readonly OptionalPort[],
  createUpstream: () => Promise<CiUpstream>,
  { hasRuns = true }: { readonly hasRuns?: boolean } = {},
): void {
  describe(`${name}:`, () => {
    let upstream: CiUpstream;
    beforeEach(async () => {
      upstream = await createUpstream();
      const given = OPTIONAL_PORTS.filter((port) => upstream.ports[port] !== undefined);
      if (given.join() !== ports.join()) throw new Error(`declared ${ports.join()}, found ${given.join()}`);
    });
    afterEach(() => upstream.close());
    const current = () => upstream;
    describeKind(current);
    if (hasRuns) describeListing(current);
    if (hasRuns) describeRuns(current);
    if (ports.includes('gitHost')) describeGitHost(current);
    if (ports.includes('statuses')) describeStatuses(current);
    if (ports.includes('pushLog')) describePushLog(current);
    describeFaults(current, ports, hasRuns);
  });
}
