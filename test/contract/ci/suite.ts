/** What every kind of connection owes the core, over real HTTP: each port that it has, and each claim that it makes. */
import { afterEach, beforeEach, describe } from 'vitest';
import { describeFaults } from './faults.ts';
import { describeGitHost } from './git-host.ts';
import { describeKind } from './kind.ts';
import { describeListing } from './listing.ts';
import { describeRuns } from './runs.ts';
import { describeStatuses } from './statuses.ts';
import type { CiUpstream } from './upstream.ts';

/**
 * @param ports those that `createUpstream` will give beside the provider; declared here, since tests are listed before they run
 */
export function describeConnection(
  name: string,
  ports: readonly ('gitHost' | 'statuses')[],
  createUpstream: () => Promise<CiUpstream>,
): void {
  describe(`${name}:`, () => {
    let upstream: CiUpstream;
    beforeEach(async () => {
      upstream = await createUpstream();
      const given = (['gitHost', 'statuses'] as const).filter((port) => upstream.ports[port] !== undefined);
      if (given.join() !== ports.join()) throw new Error(`declared ${ports.join()}, found ${given.join()}`);
    });
    afterEach(() => upstream.close());
    const current = () => upstream;
    describeKind(current);
    describeListing(current);
    describeRuns(current);
    if (ports.includes('gitHost')) describeGitHost(current);
    if (ports.includes('statuses')) describeStatuses(current);
    describeFaults(current, ports);
  });
}
