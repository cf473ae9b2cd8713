/** Upper bounds on what a history may cost, checked against every upstream call. */
import { expect } from 'vitest';
import type { ProviderStyle } from './pages.ts';
import type { Simulation } from './simulation.ts';

const HOUR = 3_600_000;
/** Milliseconds for which a failure is not tried again, at least. */
const SHORTEST_PAUSE = 5000;
/** Look-ups of a branch are repeated no oftener than this. */
const LOOK_AGAIN = 600_000;
/** The listing's pages behind the first that one refresh reads at most, to meet what is known. */
const FURTHER_PAGES = 9;
/** Pages of a branch's list in these histories. */
const DEEPEST_LIST = 10;

export interface Call {
  readonly what: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `new`: CI's list has changed since the same call before. */
  /** Length of the list, where CI reports it with a page. */
  readonly total?: number | undefined;
  readonly outcome: 'failed' | 'unchanged' | 'empty' | 'new' | 'found' | 'absent';
}

/** @param firstPages how many pages of the listing are read at the start */
export function judgeCost(sim: Simulation, freshFor: number, firstPages: number, style: ProviderStyle): void {
  const byWhat = Map.groupBy(withoutClosing(sim.calls, freshFor), ({ what }) => what);
  for (const [what, calls] of byWhat) {
    if (what === 'list 1')
      expectApart(calls, (call) => (call.outcome === 'empty' ? SHORTEST_PAUSE : freshFor));
    // One that is gone may come back by a list that lags behind.
    if (what.startsWith('run ')) expectApart(calls, ({ outcome }) => (outcome === 'absent' ? 0 : freshFor));
    if (what === 'changes')
      expectApart(
        calls.filter(({ at }, index) => at !== calls[index - 1]?.at),
        () => freshFor,
      );
    if (what.startsWith('pull request ')) expectApart(calls, () => Infinity);
    if (what.startsWith('digest ')) judgeImage(sim, calls, freshFor);
  }
  judgePages(sim, byWhat, firstPages, style);
}

/** A block of further pages ends with the first page once more, which is free while nothing has changed. */
function withoutClosing(calls: readonly Call[], freshFor: number): readonly Call[] {
  const lists = calls.filter(({ what }) => what.startsWith('list '));
  const closing = new Set(
    lists.filter(({ what, at }, index) => {
      const before = lists[index - 1];
      return what === 'list 1' && before !== undefined && before.what !== what && at - before.at < freshFor;
    }),
  );
  return calls.filter((call) => !closing.has(call));
}

/**
 * Between a call and the next one of the same there are at least so many milliseconds, or a pause if it
 * failed.
 */
function expectApart(calls: readonly Call[], least: (call: Call) => number): void {
  for (const [index, call] of calls.slice(0, -1).entries()) {
    const wait = (calls[index + 1]?.at ?? Infinity) - call.at;
    const wanted = call.outcome === 'failed' ? SHORTEST_PAUSE : least(call);
    expect(wait, `${call.what} was asked again after ${wait} ms`).toBeGreaterThanOrEqual(wanted);
  }
}

/** A tag that holds the commit means one build for ever, unless its runs begin anew. */
function judgeImage(sim: Simulation, calls: readonly Call[], freshFor: number): void {
  const settled = calls.filter(({ outcome }) => outcome !== 'failed');
  for (const [index, { what, at, outcome }] of settled.slice(0, -1).entries()) {
    const next = settled[index + 1]?.at ?? Infinity;
    const commit = what.slice(-40);
    // A re-run off the first page shows late, and then at once asks for an image that was read just before.
    const isNews = sim.changedBetween(commit, at - freshFor, next) || sim.isHardToSee(commit);
    if (isNews || sim.wasDeleted(commit)) continue;
    // After a re-run the registry may show the image from before for some minutes: the tag is read once more.
    const least = outcome === 'found' && !sim.wasRerun(commit) ? HOUR : freshFor;
    expect(next - at, `${what} was asked for again`).toBeGreaterThanOrEqual(least);
  }
}

/** Whoever makes no calls for what is known pays for what is new only. */
function judgePages(
  sim: Simulation,
  byWhat: ReadonlyMap<string, readonly Call[]>,
  firstPages: number,
  { paging, hasTotal }: ProviderStyle,
): void {
  // Without a total, each page but the last is read a second time, and a list's earlier pages with each
  // further one.
  const readings = paging === 'numbered' && !hasTotal ? 2 : 1;
  const lookUpReadings = readings === 1 ? 1 : DEEPEST_LIST * readings;
  const listings = byWhat.get('list 1')?.filter(({ outcome }) => outcome === 'new').length ?? 0;
  const elapsed = (sim.calls.at(-1)?.at ?? 0) - (sim.calls[0]?.at ?? 0);
  const branchCalls = Map.groupBy(
    sim.calls.filter(({ what, outcome }) => what.startsWith('branch ') && outcome !== 'failed'),
    ({ what }) => listOf(what),
  );
  let further = 0;
  let lookUps = 0;
  for (const [what, calls] of byWhat) {
    const good = calls.filter(({ outcome }) => outcome !== 'failed').length;
    if (/^list (?!1$)/.test(what)) further += good;
    if (!what.startsWith('branch ')) continue;
    lookUps += good;
    // Once; again when runs went by unseen, which a listing tells; when enough time has passed; and when the list's length has changed
    // before a further page was read, since numbered pages then may have shifted.
    const restarts = countRestarts(branchCalls.get(listOf(what)) ?? []);
    expect(good, `${what} was asked ${good} times`).toBeLessThanOrEqual(
      lookUpReadings * (1 + listings + elapsed / LOOK_AGAIN) + restarts,
    );
  }
  const blocks = firstPages === 1 ? 0 : firstPages - 1 + lookUps * (firstPages / (firstPages - 1));
  expect(further, `${further} further pages of the listing`).toBeLessThanOrEqual(
    readings * (listings * FURTHER_PAGES + blocks),
  );
}

/** @param what names a page of a branch's list, as in `branch feature 2` */
function listOf(what: string): string {
  return what.slice(0, what.lastIndexOf(' '));
}

/**
 * @param calls for one branch's list @returns how often a further page showed another length of the list than
 *   the page read before
 */
function countRestarts(calls: readonly Call[]): number {
  return calls.filter(({ what, total }, index) => {
    const before = calls[index - 1];
    return before !== undefined && !what.endsWith(' 1') && total !== before.total;
  }).length;
}
