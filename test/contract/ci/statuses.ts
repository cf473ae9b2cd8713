/** Commit statuses. */
import { describe, expect, it } from 'vitest';
import type { CiUpstream } from './upstream.ts';

const COMMIT = 'a'.repeat(40);

export function describeStatuses(current: () => CiUpstream): void {
  describe('the statuses of a commit', () => {
    it('are the latest of each context', async () => {
      const { ports, gitRepository, setStatus } = current();
      setStatus?.(COMMIT, 'lint', 'pending');
      setStatus?.(COMMIT, 'scan', 'unsuccessful');
      setStatus?.(COMMIT, 'lint', 'success');
      const page = await ports.statuses?.fetchStatuses(gitRepository, COMMIT);
      const statuses = page === 'unchanged' ? [] : (page?.statuses ?? []);
      expect(new Map(statuses.map(({ context, state }) => [context, state]))).toEqual(
        new Map([
          ['lint', 'success'],
          ['scan', 'unsuccessful'],
        ]),
      );
      expect(statuses.every(({ outcome }) => outcome !== '')).toBe(true);
    });

    it('are read conditionally if they carry a validator', async () => {
      const { ports, gitRepository, setStatus } = current();
      setStatus?.(COMMIT, 'lint', 'pending');
      const page = await ports.statuses?.fetchStatuses(gitRepository, COMMIT);
      const validator = page === 'unchanged' ? undefined : page?.validator;
      if (validator === undefined) return;
      const again = () => ports.statuses?.fetchStatuses(gitRepository, COMMIT, validator);
      expect(await again()).toBe('unchanged');
      setStatus?.(COMMIT, 'lint', 'success');
      expect(await again()).toMatchObject({ statuses: [{ context: 'lint', state: 'success' }] });
    });

    it('are none if nothing has set any', async () => {
      const { ports, gitRepository } = current();
      expect(await ports.statuses?.fetchStatuses(gitRepository, COMMIT)).toMatchObject({ statuses: [] });
    });
  });
}
