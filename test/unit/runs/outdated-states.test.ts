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

  it("another replica's earlier answer is outdated", () => {
    const table = new BranchTable({ datesChanges: false });
    table.put(again, at(2000));
    expect(table.put(passed, at(1000))).toBe(false);
    expect(stateIn(table)).toBe('running');
  });
});
