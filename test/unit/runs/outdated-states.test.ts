import { describe, expect, it } from 'vitest';
import { BranchTable } from '../../../src/runs/branch-table.ts';
import { createRun } from '../../fixtures/builders.ts';

const KEY = 'branch main';
const passed = createRun({ id: '1', branch: 'main', state: 'success', attempt: 2, updatedAt: 900 });
/** The same run while it runs again, as an API without times of change shows it. */
const again = { ...passed, state: 'running', outcome: 'running', attempt: 1, updatedAt: 100 } as const;

function at(askedAt: number) {
  return { askedAt, seenAt: askedAt + 1, ahead: 0 };
}

function stateIn(table: BranchTable): string | undefined {
  return table.get(KEY)?.runs.get('1')?.run.state;
}

describe('if CI dates changes', () => {
  it('a state that changed earlier is outdated, whichever answer came later', () => {
    const table = new BranchTable();
    table.put(passed, at(1000));
    expect(table.put(again, at(2000))).toBe(false);
    expect(stateIn(table)).toBe('success');
  });
});

describe('if CI does not date changes', () => {
  it('the later answer has the newer state, also after a restart of the replica that made it', () => {
    const table = new BranchTable({ datesChanges: false });
    table.put(passed, at(1000));
    expect(table.put(again, at(2000))).toBe(true);
    expect(stateIn(table)).toBe('running');
  });

  it('an end before the last one, which a lagging server shows, is outdated', () => {
    const table = new BranchTable({ datesChanges: false });
    table.put(passed, at(1000));
    table.put(again, at(2000));
    expect(table.put({ ...passed, updatedAt: 800 }, at(3000))).toBe(false);
    expect(table.put({ ...passed, attempt: 3, updatedAt: 950 }, at(4000))).toBe(true);
  });

  it('the end of a run that has waited counts, although the wait was seen later', () => {
    const table = new BranchTable({ datesChanges: false });
    table.put({ ...passed, state: 'blocked', outcome: 'blocked', updatedAt: 901 }, at(1000));
    expect(table.put(passed, at(2000))).toBe(true);
    expect(stateIn(table)).toBe('success');
  });

  it('a run that runs again is confirmed by each answer that shows it', () => {
    const table = new BranchTable({ datesChanges: false });
    table.put(passed, at(1000));
    table.put(again, at(2000));
    expect([table.isCurrent(again), table.isCurrent(passed)]).toEqual([true, false]);
  });

  it("another replica's earlier answer is outdated", () => {
    const table = new BranchTable({ datesChanges: false });
    table.put(again, at(2000));
    expect(table.put(passed, at(1000))).toBe(false);
    expect(stateIn(table)).toBe('running');
  });
});
