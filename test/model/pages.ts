/** A CI's lists, in each of the ways that providers page them. */
import type { Run } from '../../src/resolve/types.ts';
import type { CiProvider, Cursor, RunPage } from '../../src/ci/provider.ts';
import type { UnreadRun } from '../../src/resolve/ports.ts';

/** Pages are small, so that a few runs are enough to fall out of a window. */
export const PAGE = 5;

/** The habits of a provider: how it pages its lists, and how it names runs. */
export interface ProviderStyle {
  readonly name: string;
  readonly paging: CiProvider['paging'];
  readonly hasTotal: boolean;
  readonly hasValidator: boolean;
  readonly hasChanges: boolean;
  /** How the provider describes a run; the simulation's own are GitHub's. */
  readonly present: (run: Run) => Run;
  /** The number of the branch's pull request, if runs name only that; otherwise they name the branch. */
  readonly pullRequestOf?: (branch: string) => string | undefined;
  /** A re-run is another run, with an id and a position of its own. */
  readonly rerunsAnew?: boolean;
}

/** The pull request that forks' runs name in place of a branch, where a provider knows them so. */
export const FORKS_NUMBER = '90';

/**
 * Random ids, so that only the time of creation says where a run stands, and nothing orders the runs of one
 * second. A fork's runs name a pull request only, as GitLab's do.
 */
function withRandomId(run: Run): Run {
  const { branch, pullRequest } =
    run.origin === 'foreign' ? { branch: null, pullRequest: FORKS_NUMBER } : run;
  return { ...run, branch, pullRequest, id: randomIdOf(run.id), tie: '' };
}

function withoutTime(run: Run): Run {
  return { ...run, createdAt: null };
}

/** `main` has no pull request. */
function pullRequestOf(branch: string): string | undefined {
  return { feature: '11', quiet: '12', 'feature-x': '13' }[branch];
}

/**
 * The ids of runs are their positions, and no times of creation or commits are known. Runs of pull requests
 * name only the number, and do not say whose they are.
 */
function byIdAndNumber(run: Run): Run {
  const number = run.origin === 'foreign' ? FORKS_NUMBER : pullRequestOf(run.branch ?? '');
  const named = { ...run, position: Number(run.id), tie: '', createdAt: null, committedAt: null };
  if (number === undefined) return named;
  return { ...named, branch: null, pullRequest: number, refKind: 'pull_request', origin: 'unknown' };
}

export const GITHUB: ProviderStyle = {
  name: 'numbered, total and validator',
  paging: 'numbered',
  hasTotal: true,
  hasValidator: true,
  hasChanges: false,
  present: (run) => run,
};
const KEYSET: ProviderStyle = {
  name: 'keyset',
  paging: 'keyset',
  hasTotal: false,
  hasValidator: false,
  hasChanges: false,
  present: withRandomId,
};
const UNCOUNTED: ProviderStyle = {
  name: 'numbered, no total',
  paging: 'numbered',
  hasTotal: false,
  hasValidator: false,
  hasChanges: false,
  present: withoutTime,
};

/** As Gitea. */
const NUMBERS: ProviderStyle = {
  name: 'by id and number',
  paging: 'numbered',
  hasTotal: true,
  hasValidator: false,
  hasChanges: false,
  present: byIdAndNumber,
  pullRequestOf,
};

export const STYLES: readonly ProviderStyle[] = [
  GITHUB,
  KEYSET,
  { ...KEYSET, name: `${KEYSET.name}, changes`, hasChanges: true },
  UNCOUNTED,
  { ...UNCOUNTED, name: `${UNCOUNTED.name}, changes`, hasChanges: true },
  NUMBERS,
  // As GitLab.
  { ...NUMBERS, name: `${NUMBERS.name}, changes`, hasChanges: true },
  // As Buildkite.
  { ...KEYSET, name: `${KEYSET.name}, new re-runs`, rerunsAnew: true },
  // As Jenkins and Woodpecker.
  {
    ...NUMBERS,
    name: `${NUMBERS.name}, no total, new re-runs`,
    hasTotal: false,
    rerunsAnew: true,
  },
];

/** @returns the histories to try: most for the style that all others were derived from */
export function countHistories(style: ProviderStyle | undefined, all: number): number {
  return style === GITHUB ? all : Math.ceil(all / STYLES.length);
}

/** Not in the order of the numbers. */
export function randomIdOf(id: string): string {
  return `${(Math.imul(Number(id), 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')}-${id}`;
}

export function newestFirst(all: readonly Run[]): Run[] {
  return all.toSorted((a, b) => b.position - a.position || Number(b.id) - Number(a.id));
}

/** Deviations from a perfect list. */
export interface Oddities {
  /** Runs that cannot be read, by id, and what of them can. */
  readonly odd?: ReadonlyMap<string, Partial<UnreadRun>>;
  /** The count is so much too high. */
  readonly lag?: number;
}

/** @param all runs of the simulation @returns the page as a provider of this style describes it */
export function pageOf(
  all: readonly Run[],
  cursor: Cursor | undefined,
  style: ProviderStyle,
  oddities: Oddities = {},
): RunPage {
  const sorted = newestFirst(all);
  const { lag = 0, odd = new Map() } = oddities;
  // A keyset cursor is the last run that was shown, which may have been deleted since.
  const last = Number(cursor);
  const start =
    cursor === undefined
      ? 0
      : style.paging === 'numbered'
        ? (last - 1) * PAGE
        : sorted.filter(({ id }) => Number(id) >= last).length;
  const shown = sorted.slice(start, start + PAGE);
  const more = sorted.length > start + PAGE;
  const next = style.paging === 'numbered' ? String(start / PAGE + 2) : shown.at(-1)?.id;
  return {
    ...present(shown, style, oddities),
    next: more ? next : undefined,
    total: style.hasTotal ? all.length + lag : undefined,
    validator: style.hasValidator ? JSON.stringify([all, [...odd], lag]) : undefined,
    short: style.hasTotal && lag > 0 && !more && shown.length > 0,
  };
}

/** @param shown runs next to each other in a list */
export function present(
  shown: readonly Run[],
  { present: presented }: ProviderStyle,
  { odd = new Map() }: Oddities,
): Pick<RunPage, 'runs' | 'unread'> {
  const runs = shown.map(presented);
  const unread = runs.flatMap((run, index) => {
    const remains = odd.get(shown[index]?.id ?? '');
    if (remains === undefined) return [];
    const one = { ...unreadOf(run), ...remains, ...('id' in remains && { tie: null }) };
    const above = runs[index - 1];
    return [
      {
        ...one,
        position: one.position ?? above?.position ?? null,
        createdAt: one.createdAt ?? above?.createdAt ?? null,
      },
    ];
  });
  return { runs: runs.filter((_, index) => !odd.has(shown[index]?.id ?? '')), unread };
}

function unreadOf({ id, branch, commit, position, tie, createdAt }: Run): UnreadRun {
  return { id, branch, commit, position, tie, createdAt, problem: 'a field path' };
}
