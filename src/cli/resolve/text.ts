/** `greenpin resolve` as text: the builds, newest first, and the answer. Pure. */
import { escapeControl } from '../../text/quote.ts';
import type { BuildReport, ImageReport, ResolveReport } from '../../answers/report.ts';
import type { Colors } from '../terminal/colors.ts';
import { padTo } from '../terminal/table.ts';

/** Older builds that were not examined are counted, not listed. */
const MOST_BUILDS = 10;

const MARKS = {
  green: ['green', '✓'],
  running: ['yellow', '…'],
  unsuccessful: ['red', '✗'],
  blocked: ['yellow', '…'],
  incomplete: ['yellow', '?'],
} as const;

type Answered = Exclude<ResolveReport['answer'], { kind: 'failed' }>;

/**
 * @param hints sentences
 * @returns lines without a final newline
 */
export function formatResolveReport(
  given: ResolveReport,
  color: Colors,
  hints: readonly string[] = [],
): string {
  const report = escapeStrings(given);
  const { project, gitRepository, branch, number } = report;
  const pullRequest = number === null ? '' : `, pull request ${number}`;
  return [
    color('bold', `${project}: ${branch}`) + color('dim', ` (${gitRepository}${pullRequest})`),
    '',
    ...formatBuilds(report, color),
    ...formatIgnored(report),
    '',
    ...formatAnswer(report, color),
    ...hints.map((hint) => color('dim', `  hint: ${escapeControl(hint)}`)),
  ].join('\n');
}

function formatBuilds({ builds, answer, ignoredRuns }: ResolveReport, color: Colors): string[] {
  if (builds.length === 0) {
    if (answer.kind === 'failed') return ['Builds: unknown.'];
    const isUnknown = answer.freshness === 'fresh' && Object.keys(ignoredRuns).length === 0;
    return [isUnknown ? 'Builds: none. CI has no run of this branch.' : 'Builds: none that count.'];
  }
  const lastExamined = builds.findLastIndex(({ images }) => images !== null);
  const shown = builds.slice(0, Math.max(MOST_BUILDS, lastExamined + 1));
  const width = Math.max(...shown.map(({ number }) => number.length));
  const rest = builds.length - shown.length;
  return [
    'Builds, newest first (times in UTC):',
    ...shown.flatMap((build) => formatBuild(build, answer, width, color)),
    ...(rest > 0 ? [`  and ${rest} older`] : []),
  ];
}

/** @param numberWidth the width of the longest build number */
function formatBuild(
  build: BuildReport,
  answer: ResolveReport['answer'],
  numberWidth: number,
  color: Colors,
): string[] {
  const [style, mark] = MARKS[build.verdict];
  const number = formatNumber(build.number).padEnd(numberWidth + 1);
  const finishedAt = build.finishedAt === null ? '' : `${formatTime(build.finishedAt, 16)}  `;
  const images = Object.entries(build.images ?? {});
  const nameWidth = Math.max(0, ...images.map(([name]) => name.length));
  return [
    `  ${color(style, mark)} ${build.commit.slice(0, 7)}  ${number}  ${finishedAt}` +
      `${build.verdict}: ${build.reason}${describeUse(build, answer)}`,
    ...images.flatMap(([name, image]) =>
      hang(`      ${padTo(name, nameWidth)}  `, formatImage(image, color)),
    ),
  ];
}

/** @returns the lines with a hanging indent: the first after the prefix, the others below it */
function hang(prefix: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => (index === 0 ? prefix : ' '.repeat(prefix.length)) + line);
}

/** Says whether a green build was used. Any other verdict explains by itself why it was not. */
function describeUse({ commit, verdict, images }: BuildReport, answer: ResolveReport['answer']): string {
  if (answer.kind !== 'failed' && answer.parameters.some(({ build }) => build.commit === commit))
    return '; used';
  if (verdict !== 'green') return '';
  if (images === null) return '; not examined';
  const named = (kind: ImageReport['kind']) =>
    Object.entries(images).flatMap(([name, image]) => (image.kind === kind ? [name] : []));
  const failed = [...named('failed'), ...named('invalid')];
  if (failed.length > 0) return `; cannot be checked: ${failed.join(', ')}`;
  const absent = named('absent');
  return absent.length > 0 ? `; skipped, missing ${absent.join(', ')}` : '; skipped';
}

/** The digest gets its own line: with the reference it is wider than most terminals. */
function formatImage(image: ImageReport, color: Colors): string[] {
  switch (image.kind) {
    case 'found': {
      const whose = image.fromBranch === null ? '' : ` of the target branch ${image.fromBranch}`;
      const from = image.fromCommit === null ? '' : `  from build ${image.fromCommit.slice(0, 7)}${whose}`;
      return [`${image.reference}${from}`, color('dim', image.digest)];
    }
    case 'absent': {
      // Most reasons begin with the reference.
      const reference = image.reason.startsWith(image.reference) ? '' : `${image.reference}  `;
      return [`${reference}${color('yellow', 'absent')}: ${image.reason}`];
    }
    case 'failed':
      return [`${image.reference}  ${color('red', 'failed')}: ${image.reason}`];
    case 'invalid':
      return [`${color('red', 'invalid reference')}: ${image.reason}`];
  }
}

function formatIgnored({ ignoredRuns }: ResolveReport): string[] {
  const reasons = Object.entries(ignoredRuns);
  if (reasons.length === 0) return [];
  return ['Ignored runs:', ...reasons.map(([reason, count]) => `  ${count} × ${reason}`)];
}

function formatAnswer({ answer, headSha }: ResolveReport, color: Colors): string[] {
  if (answer.kind === 'failed') return [color('red', `Answer: ${answer.error}`), `  ${answer.message}`];
  if (answer.kind === 'nothing') return [color('yellow', 'Answer: nothing to deploy'), `  ${answer.because}`];
  const style = answer.freshness === 'fresh' ? 'green' : 'yellow';
  const rows = listAnswerRows(answer, headSha);
  const width = Math.max(...rows.map(([key]) => key.length));
  return [
    color(style, `Answer, ${answer.freshness}, as of ${formatTime(answer.asOf, 19)} UTC`),
    `  ${answer.because}`,
    ...rows.map(([key, value]) => `  ${key.padEnd(width)}  ${value}`),
  ];
}

/** The parameter set in short: the build and the digests, from which the rest follows. */
function listAnswerRows({ parameters }: Answered, headSha: string | null): [string, string][] {
  return parameters.flatMap((set) => {
    const { commit, number, url, isHead } = set.build;
    const head: [string, string][] =
      headSha === null ? [] : [['isHead', `${isHead} (head ${headSha.slice(0, 7)})`]];
    const digests = Object.entries(set).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    const name = `${commit} ${formatNumber(number)}`.trimEnd();
    return [['build', name], ...(url === '' ? [] : [['url', url] as [string, string]]), ...head, ...digests];
  });
}

/** Empty without CI, which would number its builds. */
function formatNumber(number: string): string {
  return number === '' ? '' : `#${number}`;
}

/** @param length 16 shows minutes, 19 seconds */
function formatTime(rfc3339: string, length: 16 | 19): string {
  return rfc3339.slice(0, length).replace('T', ' ');
}

/** Escapes names and reasons, which come from outside. */
function escapeStrings(report: ResolveReport): ResolveReport {
  const ignored = Object.entries(report.ignoredRuns).map(([reason, count]) => [escapeControl(reason), count]);
  const visible = { ...report, ignoredRuns: Object.fromEntries(ignored) };
  return JSON.parse(JSON.stringify(visible), (_key, value: unknown) =>
    typeof value === 'string' ? escapeControl(value) : value,
  ) as ResolveReport;
}
