/** `greenpin resolve` for a person: the builds looked at, newest first, and what is answered. Pure. */
import type { ResolveReport } from './resolve-report.ts';
import { printable, type Paint } from './style.ts';

/** Builds that explain nothing more are counted, not listed. */
const MOST_BUILDS = 10;

const MARKS = {
  green: ['green', '✓'],
  running: ['yellow', '…'],
  unsuccessful: ['red', '✗'],
  incomplete: ['yellow', '?'],
} as const;

type BuildReport = ResolveReport['builds'][number];
type ImageReport = NonNullable<BuildReport['images']>[string];

/** @returns lines, without a newline at the end */
export function formatResolveReport(given: ResolveReport, paint: Paint): string {
  const report = harmless(given);
  const { project, gitRepository, branch, number } = report;
  const pullRequest = number === null ? '' : `, pull request ${number}`;
  return [
    paint('bold', `${project}: ${branch}`) + paint('dim', ` (${gitRepository}${pullRequest})`),
    '',
    ...formatBuilds(report, paint),
    ...formatIgnored(report),
    '',
    ...formatAnswer(report, paint),
  ].join('\n');
}

function formatBuilds({ builds }: ResolveReport, paint: Paint): string[] {
  if (builds.length === 0) return ['CI knows no build of this branch.'];
  const lastExamined = builds.findLastIndex(({ images }) => images !== null);
  const shown = builds.slice(0, Math.max(MOST_BUILDS, lastExamined + 1));
  const lines = shown.flatMap((build) => formatBuild(build, paint));
  const rest = builds.length - shown.length;
  return ['Builds, newest first:', ...lines, ...(rest > 0 ? [`  and ${rest} older`] : [])];
}

function formatBuild(build: BuildReport, paint: Paint): string[] {
  const [colour, mark] = MARKS[build.verdict];
  const head = `${build.commit.slice(0, 7)}  #${build.number}  ${build.finishedAt.slice(0, 16).replace('T', ' ')}`;
  const images = Object.entries(build.images ?? {});
  const width = Math.max(0, ...images.map(([name]) => name.length));
  const unasked = build.verdict === 'green' && build.images === null ? '; not needed' : '';
  return [
    `  ${paint(colour, mark)} ${head}  ${build.verdict}: ${build.reason}${unasked}`,
    ...images.map(([name, image]) => `      ${name.padEnd(width)}  ${formatImage(image, paint)}`),
  ];
}

function formatImage(image: ImageReport, paint: Paint): string {
  switch (image.kind) {
    case 'found': {
      const from =
        image.fromCommit === null ? '' : ` (from build ${image.fromCommit.slice(0, 7)}, onMissing: previous)`;
      return `${image.reference}  ${paint('dim', image.digest)}${from}`;
    }
    case 'absent':
      return `${image.reference}  ${paint('yellow', 'absent')}: ${image.reason}`;
    case 'failed':
      return `${image.reference}  ${paint('red', 'failed')}: ${image.reason}`;
    case 'invalid':
      return `${paint('red', 'no valid reference')}: ${image.reason}`;
  }
}

function formatIgnored({ ignoredRuns }: ResolveReport): string[] {
  const reasons = Object.entries(ignoredRuns);
  if (reasons.length === 0) return [];
  return [
    'Runs that do not count:',
    ...reasons.map(([reason, count]) => `  ${count} × ${printable(reason)}`),
  ];
}

function formatAnswer({ answer }: ResolveReport, paint: Paint): string[] {
  if (answer.kind === 'failed') return [`${paint('red', `Answer: ${answer.error}`)}`, `  ${answer.message}`];
  if (answer.kind === 'nothing') return [paint('yellow', 'Answer: nothing to deploy'), `  ${answer.because}`];
  const title = `Answer, ${answer.freshness}, as of ${answer.asOf}`;
  const leaves = answer.parameters.flatMap((set) =>
    Object.entries(set).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  const build = answer.parameters[0]?.build;
  const width = Math.max(5, ...leaves.map(([key]) => key.length));
  return [
    paint(answer.freshness === 'fresh' ? 'green' : 'yellow', title),
    `  ${answer.because}`,
    `  ${'build'.padEnd(width)}  ${build?.commit} #${build?.number} ${build?.url}`,
    ...leaves.map(([key, value]) => `  ${key.padEnd(width)}  ${value}`),
  ];
}

/** Branch names and CI's words come from outside: none of them may steer the terminal. */
function harmless(report: ResolveReport): ResolveReport {
  return JSON.parse(JSON.stringify(report), (_key, value: unknown) =>
    typeof value === 'string' ? printable(value) : value,
  ) as ResolveReport;
}
