/** The push log: the pushes to all branches, and to one. */
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../../src/ci/provider.ts';
import type { Push, PushLog, PushPage } from '../../../src/ci/push-log.ts';
import { compareRuns } from '../../../src/resolve/run-order.ts';
import type { CiUpstream } from './upstream.ts';

export function describePushLog(current: () => CiUpstream): void {
  describe('the push log', () => {
    it('shows the newest push of each branch, newest first, over several pages', async () => {
      const upstream = current();
      const { pushPageSize = upstream.pageSize } = upstream;
      const names = Array.from({ length: pushPageSize + 2 }, (_, i) => `branch-${i + 1}`);
      for (const [i, name] of names.entries()) upstream.addPush?.(name, commitOf(i + 1));
      const pushes = await readAll(upstream, (cursor) => listPushes(upstream, cursor));
      expect(pushes.map(({ branch, commit }) => [branch, commit])).toEqual(
        names.map((name, i) => [name, commitOf(i + 1)]).toReversed(),
      );
      expect(isFalling(pushes)).toBe(true);
    });

    it('shows earlier pushes of a branch, or says that it lists heads only', async () => {
      const upstream = current();
      upstream.addPush?.('main', commitOf(1));
      upstream.addPush?.('main', commitOf(2));
      const { pushes } = await listPushes(upstream);
      const all = [commitOf(2), commitOf(1)];
      expect(pushes.map(({ commit }) => commit)).toEqual(
        logOf(upstream).lists === 'heads' ? all.slice(0, 1) : all,
      );
    });

    it('shows the pushes or commits of one branch, newest first', async () => {
      const upstream = current();
      for (const [i, name] of ['main', 'main-2', 'Main', 'main'].entries()) {
        upstream.addPush?.(name, commitOf(i + 1));
      }
      const pushes = await readAll(upstream, (cursor) =>
        logOf(upstream).fetchBranchPushes(upstream.gitRepository, 'main', cursor),
      );
      expect(pushes.map(({ branch, commit }) => [branch, commit])).toEqual([
        ['main', commitOf(4)],
        ['main', commitOf(1)],
      ]);
      expect(isFalling(pushes)).toBe(true);
    });

    it('shows nothing of a branch that does not exist', async () => {
      const upstream = current();
      upstream.addPush?.('main', commitOf(1));
      const { pushes, next } = await logOf(upstream).fetchBranchPushes(upstream.gitRepository, 'mai');
      expect([pushes, next]).toEqual([[], undefined]);
    });

    it('leaves tags and deletions out', async () => {
      const upstream = current();
      upstream.addPush?.('main', commitOf(1));
      upstream.addPush?.('gone', commitOf(2));
      upstream.addPushToTag?.('main', commitOf(3));
      upstream.deleteBranch?.('gone');
      const { pushes } = await listPushes(upstream);
      const shown = pushes.filter(({ branch }) => branch !== 'gone');
      expect(shown).toMatchObject([{ branch: 'main', commit: commitOf(1) }]);
      expect(pushes.every(({ commit }) => !/^0+$/.test(commit))).toBe(true);
    });

    it('is conditional if pages carry a validator', async () => {
      const upstream = current();
      upstream.addPush?.('main', commitOf(1));
      const { validator } = await listPushes(upstream);
      if (validator === undefined) return;
      const again = () => logOf(upstream).fetchPushes(upstream.gitRepository, undefined, validator);
      expect(await again()).toBe('unchanged');
      upstream.addPush?.('feature', commitOf(2));
      expect(await again()).toMatchObject({ pushes: [{ branch: 'feature' }, { branch: 'main' }] });
    });
  });
}

function commitOf(number: number): string {
  return number.toString(16).padStart(40, '0');
}

function logOf({ ports }: CiUpstream): PushLog {
  if (ports.pushLog === undefined) throw new Error('expected a push log');
  return ports.pushLog;
}

async function listPushes(upstream: CiUpstream, cursor?: Cursor): Promise<PushPage> {
  const page = await logOf(upstream).fetchPushes(upstream.gitRepository, cursor);
  if (page === 'unchanged') throw new Error('unchanged, although no validator was given');
  return page;
}

async function readAll(
  { pageSize, pushPageSize = pageSize }: CiUpstream,
  fetch: (cursor: Cursor | undefined) => Promise<PushPage>,
): Promise<Push[]> {
  const pushes: Push[] = [];
  let cursor: Cursor | undefined;
  do {
    const page = await fetch(cursor);
    pushes.push(...page.pushes);
    cursor = page.next;
  } while (cursor !== undefined && pushes.length <= 3 * pushPageSize);
  return pushes;
}

function isFalling(pushes: readonly Push[]): boolean {
  return pushes.slice(1).every((push, i) => {
    const before = pushes[i];
    return before !== undefined && compareRuns(push, before) < 0;
  });
}
